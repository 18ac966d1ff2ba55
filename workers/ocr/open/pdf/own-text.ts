import type { BBox } from '../../../../shared/contract/result/layout.ts'
import type { TextReason } from '../../../../shared/contract/text-source.ts'
import type { PdfPageText } from '../opened.ts'
import type { Character } from './characters.ts'
import type { PaintedObjects, PdfImage } from './images.ts'
import { scansOf } from './resolution.ts'
import { inkOf, isExact, isWellRead } from './soundness.ts'
import { toTextLayer } from './text-layer.ts'

/** Fewer characters of an invisible layer over a scan are not its text, nor are those that span less of the page. */
const minOnScan = 60
const minSpan = 0.1
/** Smaller pictures are bullets and rules: points of the page, and pixels. */
const minPicture = { width: 24, height: 6, pixels: 400 }

/** An image, and its box on the page as shown, pixels. */
type PaintedImage = PdfImage & { shown: BBox }

type Size = { width: number; height: number }

/** Use of the text that a page itself contains. */
export type OwnTextDecision =
  /** The text of the page, and the pictures without text, which may show more. */
  | { kind: 'whole'; layer: PdfPageText; reason: TextReason; pictures: readonly PaintedImage[] }
  /** Text of a part of the page, whose objects are not painted where the text is exact. */
  | { kind: 'part'; layer: PdfPageText; isExact: boolean; reason: TextReason; objects: number[] }
  | { kind: 'none'; reason: TextReason }

/**
 * Decides which text of a page replaces reading it. Text that a program set is taken; only the rest of the page is
 * read. A layer that an OCR engine put behind a scan is taken where it is sound, and ignored otherwise. Text of
 * fonts without a Unicode table is doubtful: reading the page confirms it or replaces it. To have a sound old layer
 * read again (`--redo-ocr` of OCRmyPDF), set `pdfText: 'skip'`.
 */
export function ownTextOf(
  characters: readonly Character[],
  { images, textOrder }: Pick<PaintedObjects, 'textOrder'> & { images: readonly PaintedImage[] },
  page: Size,
): OwnTextDecision {
  if (inkOf(characters).length === 0) return { kind: 'none', reason: 'no_text' }
  const scans = scansOf(images)
  const isHidden = (character: Character): boolean =>
    character.isInvisible || isCovered(character, images, textOrder)
  const [hidden, visible] = part(characters, isHidden)
  const isLayered = isSoundLayer(hidden, scans.length > 0, page)
  const shown = inkOf(visible)
  const visibleLayer = toTextLayer(visible, page)
  const exact = isExact(shown, visibleLayer.text)
  if (isLayered && (exact || shown.length < inkOf(hidden).length)) {
    const layer = toTextLayer(characters, page)
    return { kind: 'whole', layer, reason: 'sound_layer', pictures: bareOf(images, layer) }
  }
  if (shown.length === 0 || visibleLayer.text === '')
    return { kind: 'none', reason: 'unsound_text' }
  const objects = [...new Set(visible.map(({ object }) => object).filter((object) => object !== 0))]
  if (!exact) {
    return { kind: 'part', layer: visibleLayer, isExact: false, reason: 'doubtful_text', objects }
  }
  if (scans.length > 0) {
    return { kind: 'part', layer: visibleLayer, isExact: true, reason: 'text_on_scan', objects }
  }
  const pictures = bareOf(images, visibleLayer)
  return { kind: 'whole', layer: visibleLayer, reason: 'exact_text', pictures }
}

/** The boxes of the words that a page shows as text, and that every reader of the PDF finds. */
export function shownWordsOf(
  characters: readonly Character[],
  { images, textOrder }: Pick<PaintedObjects, 'textOrder'> & { images: readonly PaintedImage[] },
  page: Size,
): BBox[] {
  const isHidden = (character: Character): boolean =>
    character.isInvisible || character.isByFont || isCovered(character, images, textOrder)
  const [, visible] = part(characters, isHidden)
  const layer = toTextLayer(visible, page)
  return isExact(inkOf(visible), layer.text) ? boxesOf(layer) : []
}

/** Splits characters in order; the gaps that PDFium inferred go with the character before them. */
function part(
  characters: readonly Character[],
  isFirst: (character: Character) => boolean,
): [first: Character[], second: Character[]] {
  const parts: [Character[], Character[]] = [[], []]
  let current: 0 | 1 = 1
  for (const character of characters) {
    if (character.isInk) current = isFirst(character) ? 0 : 1
    parts[current].push(character)
  }
  return parts
}

/** Scanning programs also put their text below the scan, which then covers it. */
function isCovered(
  { object, x0, y0, x1, y1 }: Character,
  images: readonly PaintedImage[],
  textOrder: ReadonlyMap<number, number>,
): boolean {
  const order = textOrder.get(object)
  if (order === undefined) return false
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
  return images.some(
    (image) =>
      image.order > order &&
      !image.isTransparent &&
      x > image.shown.x0 &&
      x < image.shown.x1 &&
      y > image.shown.y0 &&
      y < image.shown.y1,
  )
}

function isSoundLayer(characters: readonly Character[], isOnScan: boolean, page: Size): boolean {
  const ink = inkOf(characters)
  if (ink.length === 0) return false
  const layer = toTextLayer(characters, page)
  if (!isWellRead(ink, layer.text)) return false
  return !isOnScan || (ink.length >= minOnScan && spans(boxesOf(layer), page))
}

const boxesOf = ({ blocks }: PdfPageText): BBox[] =>
  blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ lines }) => lines.flatMap(({ words }) => words.map(({ bbox }) => bbox))),
  )

/** An old layer that covers only a corner of the scan is not its text. */
function spans(boxes: readonly BBox[], page: Size): boolean {
  const width = Math.max(...boxes.map(({ x1 }) => x1)) - Math.min(...boxes.map(({ x0 }) => x0))
  const height = Math.max(...boxes.map(({ y1 }) => y1)) - Math.min(...boxes.map(({ y0 }) => y0))
  return (width * height) / (page.width * page.height) >= minSpan
}

/** The pictures without text that are large enough to show some. */
function bareOf(images: readonly PaintedImage[], layer: PdfPageText): PaintedImage[] {
  const boxes = boxesOf(layer)
  return images.filter(
    ({ shown, box, width, height }) =>
      box.right - box.left >= minPicture.width &&
      box.top - box.bottom >= minPicture.height &&
      width * height >= minPicture.pixels &&
      !boxes.some((other) => overlap(other, shown)),
  )
}

const overlap = (one: BBox, other: BBox): boolean =>
  one.x0 < other.x1 && one.x1 > other.x0 && one.y0 < other.y1 && one.y1 > other.y0
