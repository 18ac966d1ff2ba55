import type { Pdfium } from './pdfium.ts'

/** Unicode code points by glyph number. */
type GlyphNames = ReadonlyMap<number, number>

/** Larger font programs, such as those of Chinese fonts, are not searched. */
const maxFontBytes = 32 * 2 ** 20
const maxGlyphs = 65_536
const maxTables = 256
const none: GlyphNames = new Map()

/**
 * Returns a function that gives the Unicode code points of the glyphs of a text object's embedded font; none if it has
 * no TrueType character table. A PDF may embed a whole font and number its glyphs without a Unicode table ("Identity-H"
 * without ToUnicode): the font still knows the characters.
 */
export function createGlyphNames({ raw }: Pdfium) {
  const known = new Map<number, GlyphNames>()
  return (textObject: number): GlyphNames => {
    const font = raw.FPDFTextObj_GetFont(textObject)
    if (font === 0) return none
    const names = known.get(font) ?? namesOf(raw, font)
    known.set(font, names)
    return names
  }
}

function namesOf(raw: Pdfium['raw'], font: number): GlyphNames {
  if (raw.FPDFFont_GetIsEmbedded(font) !== 1) return none
  const length = sized(raw, (size) => raw.FPDFFont_GetFontData(font, 0, 0, size))
  if (length === 0 || length > maxFontBytes) return none
  const data = raw.wasmExports.malloc(length)
  if (data === 0) throw new Error('out of memory')
  try {
    sized(raw, (size) => raw.FPDFFont_GetFontData(font, data, length, size))
    return readGlyphNames(Buffer.from(raw.HEAPU8.subarray(data, data + length)))
  } finally {
    raw.wasmExports.free(data)
  }
}

/** Returns the size that a call writes to an address; 0 where the call fails. */
function sized(raw: Pdfium['raw'], call: (address: number) => number): number {
  const address = raw.wasmExports.malloc(8)
  try {
    raw.HEAP32[address / 4] = 0
    return call(address) === 1 ? (raw.HEAP32[address / 4] ?? 0) >>> 0 : 0
  } finally {
    raw.wasmExports.free(address)
  }
}

/**
 * Reads the character table of a TrueType or OpenType font (OpenType 1.9, "cmap", formats 4 and 12) in reverse: the
 * lowest code point of each glyph. Empty where the font has none, or a damaged one.
 */
export function readGlyphNames(font: Buffer): GlyphNames {
  try {
    const table = findTable(font, 'cmap')
    return table === undefined ? none : readSubtables(table)
  } catch (thrown) {
    if (thrown instanceof RangeError) return none // It points outside the font.
    throw thrown
  }
}

function findTable(font: Buffer, name: string): Buffer | undefined {
  const count = Math.min(maxTables, font.readUInt16BE(4))
  for (let index = 0; index < count; index += 1) {
    const at = 12 + 16 * index
    if (font.toString('latin1', at, at + 4) !== name) continue
    const start = font.readUInt32BE(at + 8)
    return font.subarray(start, start + font.readUInt32BE(at + 12))
  }
  return undefined
}

function readSubtables(table: Buffer): GlyphNames {
  const names = new Map<number, number>()
  const count = Math.min(maxTables, table.readUInt16BE(2))
  for (let index = 0; index < count; index += 1) {
    const at = 4 + 8 * index
    const [platform, encoding] = [table.readUInt16BE(at), table.readUInt16BE(at + 2)]
    const isUnicode = platform === 0 || (platform === 3 && (encoding === 1 || encoding === 10))
    if (!isUnicode) continue
    const subtable = table.subarray(table.readUInt32BE(at + 4))
    const format = subtable.readUInt16BE(0)
    if (format === 4) readSegments(subtable, names)
    else if (format === 12) readGroups(subtable, names)
  }
  return names
}

const add = (names: Map<number, number>, glyph: number, code: number): void => {
  if (glyph !== 0 && !names.has(glyph) && names.size < maxGlyphs) names.set(glyph, code)
}

/** Format 4: segments of code points below 65 536. */
function readSegments(table: Buffer, names: Map<number, number>): void {
  const doubled = table.readUInt16BE(6)
  let left = maxGlyphs
  for (let at = 14; at < 14 + doubled; at += 2) {
    const end = table.readUInt16BE(at)
    const start = table.readUInt16BE(at + doubled + 2)
    const delta = table.readUInt16BE(at + 2 * doubled + 2)
    const rangeAt = at + 3 * doubled + 2
    const range = table.readUInt16BE(rangeAt)
    for (let code = start; code <= end && code < 0xffff && left > 0; code += 1, left -= 1) {
      const given = range === 0 ? code : table.readUInt16BE(rangeAt + range + 2 * (code - start))
      add(names, given === 0 ? 0 : (given + delta) % 65_536, code)
    }
  }
}

/** Format 12: groups of code points of all planes. */
function readGroups(table: Buffer, names: Map<number, number>): void {
  const count = Math.min(maxGlyphs, table.readUInt32BE(12))
  let left = maxGlyphs
  for (let index = 0; index < count && left > 0; index += 1) {
    const at = 16 + 12 * index
    const start = table.readUInt32BE(at)
    const end = Math.min(table.readUInt32BE(at + 4), 0x10ffff)
    const glyph = table.readUInt32BE(at + 8)
    for (let code = start; code <= end && left > 0; code += 1, left -= 1) {
      add(names, glyph + code - start, code)
    }
  }
}
