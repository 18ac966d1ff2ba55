import type { BBox } from '../../../../shared/contract/contract.ts'
import type { PdfPageText } from '../opened.ts'
import type { Character } from './characters.ts'
import type { PdfImage } from './images.ts'
import { scansOf } from './resolution.ts'

/**
 * Whether a page's own text may replace reading the page. The bounds were set on real PDFs: sound layers stay far from
 * all of them; fonts without a Unicode table and layers of failed OCR do not come near.
 */
const bounds = {
  /** Characters without meaning: replacement, private use, control. */
  maxGarbage: 0.03,
  /** Characters for which the font has no Unicode, so that PDFium guesses: it is right more often than not. */
  maxUnmapped: 0.2,
  /** Letters and digits among non-blank characters. */
  minLetters: 0.4,
  /** Vowels among Latin letters: text of a font with shifted codes has almost none, or little else. */
  vowels: { min: 0.2, max: 0.65, from: 40 },
  /** Words with a capital or a digit among lower-case letters. */
  maxCamelWords: 0.3,
  /** The same in an invisible layer, which an OCR engine wrote: well recognised pages stay below it. */
  maxOddWords: 0.012,
  /** A page is read where pictures without text cover more than this share. */
  maxBare: 0.25,
  /** Fewer characters over a scan are a stamp or a page number, not its text. */
  minOnScan: 60,
  /** The text of a scan spans at least this share of it. */
  minSpan: 0.1,
} as const

const oddWord = /\p{Ll}\p{Lu}|\p{Lu}{2,}\p{Ll}{2}|\p{L}\p{N}+\p{L}/u
/** Leaders of dots and dashes in tables: a page may be full of them. */
const blankOrLeader = /^[\s.·…_-]$/u
const garbage = /[\p{Co}\p{Cn}\p{Cc}\ufffd]/u

/** An image, and its box on the page as shown, pixels. */
type PaintedImage = PdfImage & { shown: BBox }

/**
 * Follows the expectation of `ocrmypdf --skip-text` users: existing text is used, whether a program wrote it or an OCR
 * engine put it behind a scan, unless it is garbage or leaves much of the page's pictures without text. To have an old
 * OCR layer read again (`--redo-ocr`), set `pdfText: 'skip'`.
 */
export function isSound(
  characters: readonly Character[],
  layer: PdfPageText,
  images: readonly PaintedImage[],
  page: { width: number; height: number },
): boolean {
  const ink = characters.filter(({ isInk, text }) => isInk && !blankOrLeader.test(text))
  if (ink.length === 0) return false
  if (!isReadable(ink, layer)) return false
  const boxes = layer.blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ lines }) => lines.flatMap(({ words }) => words.map(({ bbox }) => bbox))),
  )
  if (scansOf(images).length > 0) return ink.length >= bounds.minOnScan && spans(boxes, page)
  const bare = images.filter(({ shown }) => !boxes.some((box) => overlap(box, shown)))
  return bare.reduce((sum, { share }) => sum + share, 0) <= bounds.maxBare
}

/** The characters make sense: this is no cipher of a font without a Unicode table. */
function isReadable(ink: readonly Character[], { text }: PdfPageText): boolean {
  const bad = ink.filter((character) => garbage.test(character.text)).length
  const unmapped = ink.filter((character) => character.isUnmapped).length
  if (bad > bounds.maxGarbage * ink.length) return false
  if (unmapped > bounds.maxUnmapped * ink.length) return false
  const letters = ink.filter((character) => /[\p{L}\p{N}]/u.test(character.text)).length
  if (letters < bounds.minLetters * ink.length) return false
  const latin = text.normalize('NFD').match(/\p{Script=Latin}/gu) ?? []
  if (latin.length < bounds.vowels.from) return true
  const vowels = latin.filter((letter) => /[aeiouyæœø]/iu.test(letter)).length / latin.length
  if (vowels < bounds.vowels.min || vowels > bounds.vowels.max) return false
  const words = text.match(/[\p{L}\p{N}]{3,}/gu) ?? []
  const odd = words.filter((word) => oddWord.test(word)).length
  const isOcr = ink.filter(({ isInvisible }) => isInvisible).length > ink.length / 2
  return odd <= (isOcr ? bounds.maxOddWords : bounds.maxCamelWords) * words.length
}

/** An old layer that covers only a corner of the scan is not its text. */
function spans(boxes: readonly BBox[], page: { width: number; height: number }): boolean {
  const width = Math.max(...boxes.map(({ x1 }) => x1)) - Math.min(...boxes.map(({ x0 }) => x0))
  const height = Math.max(...boxes.map(({ y1 }) => y1)) - Math.min(...boxes.map(({ y0 }) => y0))
  return (width * height) / (page.width * page.height) >= bounds.minSpan
}

const overlap = (one: BBox, other: BBox): boolean =>
  one.x0 < other.x1 && one.x1 > other.x0 && one.y0 < other.y1 && one.y1 > other.y0
