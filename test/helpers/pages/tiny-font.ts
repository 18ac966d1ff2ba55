import { makeFontFile } from '../../../services/outputs/pdf/text/font-file.ts'

const shorts = (...values: number[]): Buffer => {
  const data = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => data.writeUInt16BE(value & 0xffff, index * 2))
  return data
}

/** Glyph 0 is the missing one; ASCII follows from 3 on, as in most TrueType fonts. */
const shift = 29
const [first, last] = [0x20, 0x7e]
const glyphs = last - shift + 1

export const glyphsOf = (text: string): number[] =>
  Array.from(text, (letter) => letter.charCodeAt(0) - shift)

/** A TrueType font of empty glyphs for ASCII, with a character table (`cmap`, format 4) of two segments. */
export function makeTinyFont({ hasTable = true }: { hasTable?: boolean } = {}): Buffer {
  const ends = [last, 0xffff]
  const starts = [first, 0xffff]
  const segments = shorts(4, 32, 0, 4, 4, 1, 0, ...ends, 0, ...starts, -shift, 1, 0, 0)
  const replaced = new Map([
    ['cmap', Buffer.concat([shorts(0, hasTable ? 1 : 0, 3, 1, 0, 12), segments])],
    ['hmtx', shorts(...Array.from({ length: glyphs }, () => [500, 0]).flat())],
    ['loca', Buffer.alloc(2 * (glyphs + 1))],
  ])
  const given = makeFontFile()
  const count = given.readUInt16BE(4)
  const tables = Array.from({ length: count }, (_, index) => {
    const at = 12 + 16 * index
    const tag = given.toString('latin1', at, at + 4)
    const start = given.readUInt32BE(at + 8)
    const data = Buffer.from(given.subarray(start, start + given.readUInt32BE(at + 12)))
    if (tag === 'maxp') data.writeUInt16BE(glyphs, 4)
    if (tag === 'hhea') data.writeUInt16BE(glyphs, 34)
    return { tag, data: replaced.get(tag) ?? data }
  })
  const head = Buffer.from(given.subarray(0, 12))
  let offset = 12 + 16 * count
  const directory: Buffer[] = []
  const bodies: Buffer[] = []
  for (const { tag, data } of tables) {
    const entry = Buffer.alloc(16)
    entry.write(tag, 'latin1')
    entry.writeUInt32BE(offset, 8)
    entry.writeUInt32BE(data.length, 12)
    directory.push(entry)
    const padded = Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)])
    bodies.push(padded)
    offset += padded.length
  }
  return Buffer.concat([head, ...directory, ...bodies])
}
