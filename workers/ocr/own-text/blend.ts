import type { BBox, Block, Word } from '../../../shared/contract/result/layout.ts'
import { keepLines, withWords } from '../read/merge.ts'
import { scoreOf, wordsOf } from '../read/score.ts'

/** Share of a recognised word that the page's own text covers: more is the same word. */
const maxCovered = 0.4

/**
 * Merges a page's own text, which is kept whole and marked, with the recognised text where it has none. Each block
 * stays whole; blocks follow each other from top to bottom, as in the longer of the two texts.
 */
export function blend(own: readonly Block[], reading: readonly Block[]): Block[] {
  const marked = own.map((block) => ({ ...block, isOwnText: true }))
  const rest = withoutWords(reading, wordsOf(own))
  const [first, second] =
    wordsOf(rest).length > wordsOf(own).length ? [rest, marked] : [marked, rest]
  const blocks = [...first]
  for (const block of second) insert(blocks, block)
  return blocks
}

/** A line of a picture on a page with exact text needs this expected share of right words: photographs have none. */
const minShare = 0.6

/** Drops lines that are less credible than those of a scan must be. */
export function credible(reading: readonly Block[]): Block[] {
  return keepLines(reading, (line) => (scoreOf(line.words).share >= minShare ? line : undefined))
}

/** Marks the recognised words that the page shows as text. */
export function markShown(reading: readonly Block[], shown: readonly BBox[]): Block[] {
  const mark = (word: Word): Word =>
    isCovered(word.bbox, shown) ? { ...word, isShown: true } : word
  return reading.map((block) => ({
    ...block,
    paragraphs: block.paragraphs.map((paragraph) => ({
      ...paragraph,
      lines: paragraph.lines.map((line) => ({ ...line, words: line.words.map(mark) })),
    })),
  }))
}

function withoutWords(reading: readonly Block[], known: readonly Word[]): Block[] {
  const boxes = known.map(({ bbox }) => bbox)
  return keepLines(reading, (line) => {
    const words = line.words.filter(({ bbox }) => !isCovered(bbox, boxes))
    if (words.length === line.words.length) return line
    return words.length === 0 ? undefined : withWords(line, words)
  })
}

function isCovered(word: BBox, boxes: readonly BBox[]): boolean {
  const area = areaOf(word)
  return boxes.some((box) => {
    const shared = {
      x0: Math.max(word.x0, box.x0),
      y0: Math.max(word.y0, box.y0),
      x1: Math.min(word.x1, box.x1),
      y1: Math.min(word.y1, box.y1),
    }
    return areaOf(shared) > maxCovered * area
  })
}

const areaOf = ({ x0, y0, x1, y1 }: BBox): number => Math.max(0, x1 - x0) * Math.max(0, y1 - y0)

/** Inserts a block before the first one that is wholly below it, or beside it to the right. */
function insert(blocks: Block[], block: Block): void {
  const { x1, y0, y1 } = block.bbox
  const next = blocks.findIndex(({ bbox }) => {
    const isBeside = bbox.y0 < y1 && bbox.y1 > y0 && bbox.x0 >= x1
    return bbox.y0 >= y1 || isBeside
  })
  blocks.splice(next === -1 ? blocks.length : next, 0, block)
}
