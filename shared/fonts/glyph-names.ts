/** Unicode code points by glyph number. */
export type GlyphNames = ReadonlyMap<number, number>

const maxGlyphs = 65_536
const maxTables = 256
const none: GlyphNames = new Map()

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
