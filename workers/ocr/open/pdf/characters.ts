import { toShown, type PageFrame } from './geometry.ts'
import { createGlyphNames } from './embedded-font.ts'
import type { Pdfium } from './pdfium.ts'

/** One character of a page's own text, in pixels of the page as shown. */
export interface Character {
  text: string
  /** PDFium's handle of its text object; 0 for a gap that PDFium inferred and the file does not contain. */
  object: number
  isInk: boolean
  /** Painted with text rendering mode 3 or 7: the text layer of an OCR program. */
  isInvisible: boolean
  /** Neither the PDF nor the embedded font maps it to a Unicode code point, so PDFium guesses. */
  isUnmapped: boolean
  /** Only the embedded font maps it: other readers do not look there, and find another character. */
  isByFont: boolean
  x0: number
  y0: number
  x1: number
  y1: number
  /** Its origin on the baseline. */
  baselineX: number
  baselineY: number
  /** Writing direction, degrees clockwise from left to right, as shown. */
  angle: number
  /** From descender to ascender, pixels. */
  size: number
}

/** Neither filled nor stroked, without and with clipping. */
const invisible: ReadonlySet<number> = new Set([3, 7])
/** PDFium's codes for a hyphen at the end of a line. */
const hyphens = new Set([0x02, 0xfffe])
/** A page with more characters is no page of text. */
const maxCharacters = 200_000

/**
 * Returns the characters of a page in reading order; line breaks are `\n`. Returns none where the page has too many.
 * PDFium reads the shown page from top to bottom, so sideways text is taken from the rotated page.
 */
export function charactersOf(
  pdfium: Pdfium,
  page: number,
  frame: PageFrame,
  dpi: number,
): Character[] {
  const asShown = readCharacters(pdfium, page, frame, dpi)
  const turns = mostlyTurned(asShown)
  if (turns === 0) return asShown
  const { quarterTurns } = frame
  try {
    pdfium.raw.FPDFPage_SetRotation(page, (quarterTurns - turns + 4) % 4)
    return readCharacters(pdfium, page, frame, dpi)
  } finally {
    pdfium.raw.FPDFPage_SetRotation(page, quarterTurns)
  }
}

/** Rotation of most of the text, quarter turns clockwise. */
function mostlyTurned(characters: readonly Character[]): number {
  const counts = [0, 0, 0, 0]
  for (const { angle, isInk } of characters) {
    const turns = Math.round(angle / 90) % 4
    if (isInk) counts[turns] = (counts[turns] ?? 0) + 1
  }
  return counts.indexOf(Math.max(...counts))
}

function readCharacters(pdfium: Pdfium, page: number, frame: PageFrame, dpi: number): Character[] {
  const { raw, doubles, floats } = pdfium
  const glyphNamesOf = createGlyphNames(pdfium)
  const text = raw.FPDFText_LoadPage(page)
  if (text === 0) return []
  try {
    const count = raw.FPDFText_CountChars(text)
    if (count > maxCharacters) return []
    const place = toShown(frame, dpi)
    const one = (index: number): Character => {
      const box = doubles(
        (l = 0, r = 0, b = 0, t = 0) => raw.FPDFText_GetCharBox(text, index, l, r, b, t),
        4,
      )
      const loose = floats((address) => raw.FPDFText_GetLooseCharBox(text, index, address), 4)
      const origin = doubles((x = 0, y = 0) => raw.FPDFText_GetCharOrigin(text, index, x, y), 2)
      const object = raw.FPDFText_GetTextObject(text, index)
      const angle = raw.FPDFText_GetCharAngle(text, index)
      const code = raw.FPDFText_GetUnicode(text, index)
      const isMapped = object === 0 || raw.FPDFText_HasUnicodeMapError(text, index) !== 1
      // Of a character without Unicode PDFium gives the code in its font: nearly always the number of the glyph.
      const named = isMapped ? code : glyphNamesOf(object).get(code)
      return {
        ...shape(place, box, loose, angle),
        ...anchor(place, origin),
        angle: ((angle * 180) / Math.PI + 90 * frame.quarterTurns) % 360,
        text: toText(named ?? code),
        object,
        isInk: object !== 0,
        isInvisible: object !== 0 && invisible.has(raw.FPDFTextObj_GetTextRenderMode(object)),
        isUnmapped: named === undefined,
        isByFont: !isMapped,
      }
    }
    return Array.from({ length: count }, (_, index) => one(index)).filter(
      (character) => character.text !== '',
    )
  } finally {
    raw.FPDFText_ClosePage(text)
  }
}

function toText(code: number): string {
  if (hyphens.has(code)) return '-'
  if (code === 13 || code === 0) return '' // Lines end with CR LF.
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return isSurrogate || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
}

type ToShown = (x: number, y: number) => [x: number, y: number]

/** Pixels: boxes are rounded to tenths. */
const minInk = 0.15

/** A character's own box is as high as its ink; its loose box is as high as the font. */
function shape(place: ToShown, box: readonly number[], loose: readonly number[], angle: number) {
  const [left = 0, right = 0, bottom = 0, top = 0] = box
  const [ax, ay] = place(left, top)
  const [bx, by] = place(right, bottom)
  // FS_RECTF: left, top, right, bottom.
  const [looseLeft = 0, looseTop = 0, looseRight = 0, looseBottom = 0] = loose
  const [cx, cy] = place(looseLeft, looseTop)
  const [dx, dy] = place(looseRight, looseBottom)
  const isUpright = Math.abs(Math.sin(angle)) < Math.SQRT1_2
  const across = isUpright ? looseTop - looseBottom : looseRight - looseLeft
  const scale =
    Math.hypot(dx - cx, dy - cy) /
    Math.max(1e-9, Math.hypot(looseRight - looseLeft, looseTop - looseBottom))
  // Fonts of OCR programs have glyphs without ink.
  const isFlat = Math.min(Math.abs(bx - ax), Math.abs(by - ay)) < minInk
  const [x0, y0, x1, y1] = isFlat ? [cx, cy, dx, dy] : [ax, ay, bx, by]
  return {
    x0: Math.min(x0, x1),
    y0: Math.min(y0, y1),
    x1: Math.max(x0, x1),
    y1: Math.max(y0, y1),
    size: Math.abs(across) * scale,
  }
}

function anchor(place: ToShown, [x = 0, y = 0]: readonly number[]) {
  const [baselineX, baselineY] = place(x, y)
  return { baselineX, baselineY }
}
