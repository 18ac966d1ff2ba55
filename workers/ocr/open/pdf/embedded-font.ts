import { readGlyphNames, type GlyphNames } from '../../../../shared/fonts/glyph-names.ts'
import type { Pdfium } from './pdfium.ts'

/** Larger font programs, such as those of Chinese fonts, are not searched. */
const maxFontBytes = 32 * 2 ** 20
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
