import type { BBox } from '../../../../shared/contract.ts'
import type { TextLayer } from '../opened.ts'
import type { Character } from './characters.ts'
import type { PdfImage } from './images.ts'
import { scansOf } from './resolution.ts'

/**
 * Whether a page's own text may stand for the page. The bounds were set on real PDFs: sound layers stay far from all of
 * them, fonts without a Unicode table and layers of failed OCR do not come near.
 */
const bounds = {
  /** Characters that mean nothing: replacement, private use, control. */
  mostGarbage: 0.03,
  /** Characters for which the font has no Unicode, and PDFium's guess stands: it is right more often than not. */
  mostUnmapped: 0.2,
  /** Letters and digits among what is not blank. */
  fewestLetters: 0.4,
  /** Vowels among Latin letters: a font whose codes are shifted has next to none, or nothing else. */
  vowels: { fewest: 0.2, most: 0.65, from: 40 },
  /** Words with a capital or a digit among small letters. */
  mostCamelWords: 0.3,
  /** The same in a layer that is not painted, which an OCR engine left there: well read pages stay below it. */
  mostOddWords: 0.012,
  /** A page that pictures without text cover to this share is read. */
  mostBare: 0.25,
  /** Fewer characters over a scan are a stamp or a page number, not its text. */
  fewestOnScan: 60,
  /** The text of a scan spans at least this share of it. */
  fewestSpan: 0.1,
} as const

const oddWord = /\p{Ll}\p{Lu}|\p{Lu}{2,}\p{Ll}{2}|\p{L}\p{N}+\p{L}/u
/** Dots and dashes lead the eye through tables: a page may be full of them. */
const blankOrLeader = /^[\s.·…_-]$/u
const garbage = /[\p{Co}\p{Cn}\p{Cc}\ufffd]/u

/** An image and where it is on the page as it is shown, pixels. */
export type PaintedImage = PdfImage & { shown: BBox }

/**
 * As users of `ocrmypdf --skip-text` expect it: text that is there is taken, whether a program wrote it or an OCR engine
 * put it behind a scan, unless it is garbage or leaves much of the page's pictures without text. Who wants an old OCR
 * layer read anew (`--redo-ocr`) says `pdfText: 'skip'`.
 */
export function isSound(
  characters: readonly Character[],
  layer: TextLayer,
  images: readonly PaintedImage[],
  page: { width: number; height: number },
): boolean {
  const ink = characters.filter(({ isInk, text }) => isInk && !blankOrLeader.test(text))
  if (ink.length === 0) return false
  if (!isReadable(ink, layer)) return false
  const boxes = layer.blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ lines }) => lines.flatMap(({ words }) => words.map(({ bbox }) => bbox))),
  )
  if (scansOf(images).length > 0) return ink.length >= bounds.fewestOnScan && spans(boxes, page)
  const bare = images.filter(({ shown }) => !boxes.some((box) => overlap(box, shown)))
  return bare.reduce((sum, { share }) => sum + share, 0) <= bounds.mostBare
}

/** The characters make sense: no cipher of a font without a Unicode table. */
function isReadable(ink: readonly Character[], { text }: TextLayer): boolean {
  const bad = ink.filter((character) => garbage.test(character.text)).length
  const unmapped = ink.filter((character) => character.isUnmapped).length
  if (bad > bounds.mostGarbage * ink.length) return false
  if (unmapped > bounds.mostUnmapped * ink.length) return false
  const letters = ink.filter((character) => /[\p{L}\p{N}]/u.test(character.text)).length
  if (letters < bounds.fewestLetters * ink.length) return false
  const latin = text.normalize('NFD').match(/\p{Script=Latin}/gu) ?? []
  if (latin.length < bounds.vowels.from) return true
  const vowels = latin.filter((letter) => /[aeiouyæœø]/iu.test(letter)).length / latin.length
  if (vowels < bounds.vowels.fewest || vowels > bounds.vowels.most) return false
  const words = text.match(/[\p{L}\p{N}]{3,}/gu) ?? []
  const odd = words.filter((word) => oddWord.test(word)).length
  const isOcr = ink.filter(({ isInvisible }) => isInvisible).length > ink.length / 2
  return odd <= (isOcr ? bounds.mostOddWords : bounds.mostCamelWords) * words.length
}

/** An old layer that holds a corner of the scan only is not its text. */
function spans(boxes: readonly BBox[], page: { width: number; height: number }): boolean {
  const width = Math.max(...boxes.map(({ x1 }) => x1)) - Math.min(...boxes.map(({ x0 }) => x0))
  const height = Math.max(...boxes.map(({ y1 }) => y1)) - Math.min(...boxes.map(({ y0 }) => y0))
  return (width * height) / (page.width * page.height) >= bounds.fewestSpan
}

const overlap = (one: BBox, other: BBox): boolean =>
  one.x0 < other.x1 && one.x1 > other.x0 && one.y0 < other.y1 && one.y1 > other.y0
