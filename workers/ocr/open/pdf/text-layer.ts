import type { BBox, Block, Line, Word } from '../../../../shared/contract/result/layout.ts'
import type { PdfPageText } from '../opened.ts'
import type { Character } from './characters.ts'

/** The page's own text involves no guessing. */
const confidence = 100
/** Lines further apart than this many font heights belong to different blocks. */
const blockGap = 1.2

/** Groups a page's own characters into words, lines, and blocks of consecutive lines. */
export function toTextLayer(
  characters: readonly Character[],
  page: { width: number; height: number },
): PdfPageText {
  const lines = splitLines(characters).flatMap((line) => toLine(line, page))
  const blocks = groupLines(lines).map(toBlock)
  return { text: blocks.map((block) => block.text).join('\n\n'), blocks }
}

/** A line ends where PDFium reports its end, and where the writing direction changes. */
function splitLines(characters: readonly Character[]): Character[][] {
  const lines: Character[][] = []
  let line: Character[] = []
  const end = (): void => {
    if (line.length > 0) lines.push(line)
    line = []
  }
  for (const character of characters) {
    const before = line.findLast(({ isInk }) => isInk)
    if (character.text === '\n') end()
    else {
      if (before !== undefined && character.isInk && turnOf(before, character) > 20) end()
      line.push(character)
    }
  }
  end()
  return lines
}

const turnOf = (one: Character, other: Character): number => {
  const turn = Math.abs(one.angle - other.angle) % 360
  return Math.min(turn, 360 - turn)
}

function splitWords(line: readonly Character[]): Character[][] {
  const words: Character[][] = [[]]
  for (const character of line) {
    if (/^\s$/u.test(character.text)) words.push([])
    else words.at(-1)?.push(character)
  }
  return words.filter((word) => word.some(({ isInk }) => isInk))
}

function toLine(characters: readonly Character[], page: { width: number; height: number }): Line[] {
  const found = splitWords(characters).flatMap((word) => {
    const bbox = clip(around(word.filter(({ isInk }) => isInk)), page)
    return bbox === undefined ? [] : [{ word, bbox }]
  })
  const ink = found.flatMap(({ word }) => word.filter(({ isInk }) => isInk))
  const [first] = ink
  const last = ink.at(-1)
  if (first === undefined || last === undefined) return []
  const words = found.map(({ word, bbox }): Word => {
    return { text: word.map(({ text }) => text).join(''), confidence, bbox }
  })
  const sizes = ink.map(({ size }) => size).toSorted((a, b) => a - b)
  return [
    {
      text: words.map(({ text }) => text).join(' '),
      confidence,
      bbox: around(words.map(({ bbox }) => bbox)),
      baseline: baselineOf(first, last),
      size: round(sizes[Math.floor(sizes.length / 2)] ?? 0),
      words,
    },
  ]
}

/** From the first character's origin to the far edge of the last one, along the writing direction. */
function baselineOf(first: Character, last: Character) {
  const radians = (last.angle * Math.PI) / 180
  const [dx, dy] = [Math.cos(radians), Math.sin(radians)]
  const along = (x: number, y: number): number =>
    (x - last.baselineX) * dx + (y - last.baselineY) * dy
  const { x0, y0, x1, y1 } = last
  const reach = Math.max(0, along(x0, y0), along(x1, y0), along(x0, y1), along(x1, y1))
  return {
    x0: round(first.baselineX),
    y0: round(first.baselineY),
    x1: round(last.baselineX + reach * dx),
    y1: round(last.baselineY + reach * dy),
  }
}

function groupLines(lines: readonly Line[]): Line[][] {
  const groups: Line[][] = []
  for (const line of lines) {
    const before = groups.at(-1)?.at(-1)
    if (before !== undefined && follows(before, line)) groups.at(-1)?.push(line)
    else groups.push([line])
  }
  return groups
}

/**
 * Near each other in both directions: below within the gap, or beside. Works for rotated pages too, where lines follow
 * sideways.
 */
function follows(before: Line, line: Line): boolean {
  const size = Math.max(before.size, line.size)
  const gapX = Math.max(before.bbox.x0, line.bbox.x0) - Math.min(before.bbox.x1, line.bbox.x1)
  const gapY = Math.max(before.bbox.y0, line.bbox.y0) - Math.min(before.bbox.y1, line.bbox.y1)
  return gapX < blockGap * size && gapY < blockGap * size
}

function toBlock(lines: readonly Line[]): Block {
  const text = lines.map((line) => line.text).join('\n')
  const bbox = around(lines.map((line) => line.bbox))
  return {
    text,
    confidence,
    bbox,
    paragraphs: [{ text, confidence, bbox, lines: [...lines] }],
  }
}

function around(boxes: readonly BBox[]): BBox {
  return {
    x0: round(Math.min(...boxes.map(({ x0 }) => x0))),
    y0: round(Math.min(...boxes.map(({ y0 }) => y0))),
    x1: round(Math.max(...boxes.map(({ x1 }) => x1))),
    y1: round(Math.max(...boxes.map(({ y1 }) => y1))),
  }
}

/** Returns the visible part; undefined where nothing is visible: text may be outside the page. */
function clip(box: BBox, { width, height }: { width: number; height: number }): BBox | undefined {
  const x0 = Math.max(0, box.x0)
  const y0 = Math.max(0, box.y0)
  const x1 = Math.min(width, box.x1)
  const y1 = Math.min(height, box.y1)
  return x1 > x0 && y1 > y0 ? { x0, y0, x1, y1 } : undefined
}

const round = (value: number): number => Math.round(value * 10) / 10
