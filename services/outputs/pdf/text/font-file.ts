/** Width of every glyph, in thousandths of the font size. */
export const advance = 500

interface Table {
  tag: string
  data: Buffer
}

const shorts = (...values: number[]): Buffer => {
  const data = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => data.writeUInt16BE(value & 0xffff, index * 2))
  return data
}

/**
 * A TrueType font of two empty glyphs: text in it is invisible. Built here, so that the repository contains no font
 * file with a licence of its own. Tables: https://learn.microsoft.com/typography/opentype/spec/otff
 */
export function makeFontFile(): Buffer {
  const tables: Table[] = [
    { tag: 'cmap', data: shorts(0, 1, 3, 1, 0, 12, 4, 24, 0, 2, 2, 0, 0, 0xffff, 0, 1, 0) },
    { tag: 'glyf', data: Buffer.alloc(4) },
    // Version 1.0, 1000 units an em, one unit high at least, 16-bit offsets.
    {
      tag: 'head',
      data: shorts(
        1,
        0,
        1,
        0,
        0,
        0,
        0x5f0f,
        0x3cf5,
        3,
        1_000,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        advance,
        1_000,
        0,
        8,
        2,
        0,
        0,
      ),
    },
    {
      tag: 'hhea',
      data: shorts(1, 0, 1_000, 0, 0, advance, 0, 0, advance, 1, 0, 0, 0, 0, 0, 0, 0, 2),
    },
    { tag: 'hmtx', data: shorts(advance, 0, advance, 0) },
    { tag: 'loca', data: shorts(0, 0, 0) },
    { tag: 'maxp', data: shorts(1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0) },
    { tag: 'name', data: shorts(0, 0, 6) },
    { tag: 'post', data: shorts(3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0) },
  ]
  return assemble(tables)
}

function assemble(tables: readonly Table[]): Buffer {
  const exponent = Math.floor(Math.log2(tables.length))
  const range = 16 * 2 ** exponent
  const header = Buffer.concat([
    shorts(1, 0, tables.length, range, exponent, tables.length * 16 - range),
  ])
  const start = header.length + tables.length * 16
  let offset = start
  const directory = tables.map(({ tag, data }) => {
    const entry = Buffer.alloc(16)
    entry.write(tag, 0, 'latin1')
    entry.writeUInt32BE(checksum(data), 4)
    entry.writeUInt32BE(offset, 8)
    entry.writeUInt32BE(data.length, 12)
    offset += padded(data).length
    return entry
  })
  const file = Buffer.concat([header, ...directory, ...tables.map(({ data }) => padded(data))])
  const head = directory.findIndex((entry) => entry.toString('latin1', 0, 4) === 'head')
  const adjustment = (directory[head]?.readUInt32BE(8) ?? 0) + 8
  file.writeUInt32BE((0xb1b0afba - checksum(file)) >>> 0, adjustment)
  return file
}

const padded = (data: Buffer): Buffer =>
  Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)])

function checksum(data: Buffer): number {
  const whole = padded(data)
  let sum = 0
  for (let at = 0; at < whole.length; at += 4) sum = (sum + whole.readUInt32BE(at)) >>> 0
  return sum
}
