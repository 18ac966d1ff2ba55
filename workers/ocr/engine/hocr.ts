import { Parser } from 'htmlparser2'
import type {
  BBox,
  Baseline,
  Block,
  Line,
  Paragraph,
  Word,
} from '../../../shared/contract/result/layout.ts'
import { joinParts, meanConfidence } from '../../../shared/contract/result/join-parts.ts'
import type { Recognition } from './engine.ts'

/**
 * The properties of an hOCR element, in pixels and degrees; `baseline` is slope and offset from the lower left corner
 * of the box.
 */
interface Title {
  bbox: BBox
  baseline: readonly [slope: number, offset: number]
  textAngle: number
  size: number
  confidence: number
}
type Raw<Key extends string, Child> = Title & Record<Key, Child[]>
type RawWord = Title & { text: string }
type RawLine = Raw<'words', RawWord>
type RawParagraph = Raw<'lines', RawLine>
type RawBlock = Raw<'paragraphs', RawParagraph>

const lineClasses = new Set(['ocr_line', 'ocr_header', 'ocr_caption', 'ocr_textfloat'])

/**
 * Converts Tesseract's hOCR of one page to a recognition. `text` is the same page as Tesseract's plain text: hOCR does
 * not show where words follow each other without a space.
 */
export function parseHocr(hocr: string, text: string): Recognition {
  const lineTexts = text.split('\n').filter((line) => line.trim() !== '')
  const raw = parseBlocks(hocr)
  const lines = raw.flatMap(({ paragraphs }) => paragraphs.flatMap((each) => each.lines))
  // If the lines ever differ, the words still give the text.
  const textOf = lines.filter(hasWords).length === lineTexts.length ? lineTexts.values() : undefined
  const blocks = raw.map((block) => toBlock(block, textOf)).filter(isWritten)
  const words = lines.flatMap((line) => line.words)
  return blocks.length === 0
    ? { text: '', confidence: 0, blocks: [] }
    : { text: text.trimEnd(), confidence: meanConfidence(words), blocks }
}

function parseBlocks(hocr: string): RawBlock[] {
  const blocks: RawBlock[] = []
  let word: RawWord | undefined
  /** Open elements within the word: bold or italic type, or spans with alternative readings. */
  const inWord: string[] = []
  const parser = new Parser(
    {
      onopentag(name, { class: kind = '', title = '' }) {
        if (word !== undefined) inWord.push(name)
        const paragraph = blocks.at(-1)?.paragraphs.at(-1)
        if (kind === 'ocr_carea') blocks.push({ ...readTitle(title), paragraphs: [] })
        else if (kind === 'ocr_par')
          blocks.at(-1)?.paragraphs.push({ ...readTitle(title), lines: [] })
        else if (lineClasses.has(kind)) paragraph?.lines.push({ ...readTitle(title), words: [] })
        else if (kind === 'ocrx_word') {
          word = { ...readTitle(title), text: '' }
          paragraph?.lines.at(-1)?.words.push(word)
        }
      },
      ontext(data) {
        if (word !== undefined && !inWord.includes('span')) word.text += data
      },
      onclosetag() {
        if (inWord.pop() === undefined) word = undefined
      },
    },
    { xmlMode: true },
  )
  parser.end(hocr)
  return blocks
}

function readTitle(title: string): Title {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = numbersOf(title, 'bbox')
  const [slope = 0, offset = 0] = numbersOf(title, 'baseline')
  const [textAngle = 0] = numbersOf(title, 'textangle')
  const [size = 0] = numbersOf(title, 'x_size')
  const [confidence = 0] = numbersOf(title, 'x_wconf')
  return { bbox: { x0, y0, x1, y1 }, baseline: [slope, offset], textAngle, size, confidence }
}

function numbersOf(title: string, name: string): number[] {
  const property = title.split(';').find((part) => part.trim().startsWith(`${name} `))
  return (property?.trim().split(/\s+/).slice(1) ?? []).map(Number).filter(Number.isFinite)
}

const hasWords = ({ words }: RawLine): boolean => words.some(isWritten)
const isWritten = ({ text }: { text: string }): boolean => text.trim() !== ''

type Texts = Iterator<string> | undefined

function toBlock({ bbox, paragraphs }: RawBlock, texts: Texts): Block {
  const kept = paragraphs.map((paragraph) => toParagraph(paragraph, texts)).filter(isWritten)
  return { ...joinParts(kept, '\n\n'), bbox, paragraphs: kept }
}

function toParagraph({ bbox, lines }: RawParagraph, texts: Texts): Paragraph {
  const kept = lines.filter(hasWords).map((line) => toLine(line, texts))
  return { ...joinParts(kept, '\n'), bbox, lines: kept }
}

function toLine(line: RawLine, texts: Texts): Line {
  const words = apart(line.words.filter(isWritten)).map(toWord)
  const { text, confidence } = joinParts(words, ' ')
  const ownText: string | undefined = texts?.next().value
  return {
    text: ownText?.trim() ?? text,
    confidence,
    bbox: line.bbox,
    baseline: baselineOf(line),
    size: line.size,
    words,
  }
}

/** Tesseract sometimes lets a word's box overlap the next word: it is cut off there. */
function apart(words: readonly RawWord[]): RawWord[] {
  const made = words.map((word) => ({ ...word, bbox: { ...word.bbox } }))
  made.forEach(({ bbox }, index) => {
    const next = made[index + 1]?.bbox
    if (next === undefined || !areSideBySide(bbox, next)) return
    const [left, right] = bbox.x0 < next.x0 ? [bbox, next] : [next, bbox]
    if (left.x0 < right.x0 - 1) left.x1 = Math.min(left.x1, right.x0 - 1)
  })
  return made
}

const areSideBySide = (a: BBox, b: BBox): boolean =>
  Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0) > Math.min(a.y1 - a.y0, b.y1 - b.y0) / 2

const toWord = ({ text, confidence, bbox }: RawWord): Word => ({
  text: text.trim(),
  confidence,
  bbox,
})

/** Tesseract gives no baseline for a rotated line, only its angle in degrees, counter-clockwise. */
function baselineOf({ bbox, baseline: [slope, offset], textAngle }: RawLine): Baseline {
  const { x0, y0, x1, y1 } = bbox
  switch (textAngle) {
    case 90:
      return { x0: x1, y0: y1, x1, y1: y0 }
    case 180:
      return { x0: x1, y0, x1: x0, y1: y0 }
    case 270:
      return { x0, y0, x1: x0, y1 }
    default:
      return { x0, y0: y1 + offset, x1, y1: y1 + offset + slope * (x1 - x0) }
  }
}
