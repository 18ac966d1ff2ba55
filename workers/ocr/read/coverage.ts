import type { BBox, Block } from '../../../shared/contract/result/layout.ts'
import { heightOf, type Glyph } from '../prepare/letters/glyph.ts'
import { countLetters, findLines, type TextLine } from '../prepare/letters/lines.ts'
import { boxAround } from '../prepare/mapping.ts'
import { toLevel } from '../prepare/render.ts'
import type { PageSurvey } from '../prepare/survey.ts'
import { wordsOf } from './score.ts'

/** Lines of a page that a reading has no words for. */
export interface Bare {
  lines: readonly TextLine[]
  /** Lines that words cover but for some letters. */
  cut: readonly TextLine[]
  /** Number of their letters that no word covers. */
  letters: number
  /** Their share of all letters in lines, 0 to 1. */
  share: number
}

/** A letter is covered up to this share of its height beside a word: engines cut boxes close. */
const reach = 0.3
/** A piece of a line is bare where no word covers this share of its letters: a lone letter may be a stain. */
const minBare = 0.5

/** Compares the lines of a survey with the words of a reading, which are in the pixels of the levelled page. */
export function findBare(survey: PageSurvey, blocks: readonly Block[]): Bare {
  const isCovered = createCover(survey, blocks)
  const total = countLetters(survey.lines)
  const lines: TextLine[] = []
  const cut: TextLine[] = []
  let letters = 0
  for (const line of survey.lines) {
    const { length } = line.letters.filter((letter) => !isCovered(letter))
    if (length <= minBare * line.letters.length) {
      if (length > 0) cut.push(line)
      continue
    }
    lines.push(line)
    letters += length
  }
  return { lines, cut, letters, share: total === 0 ? 0 : letters / total }
}

/** Figures alone have between these shares of the letters' height: bullets and points are lower. */
const [minLoose, maxLoose] = [0.5, 2]
/** The same for small print. */
const minLooseSmall = 0.75
/** More pieces of this kind, as a share of the letters in lines, are the dust of a scan. */
const maxDust = 0.12

/**
 * Short pieces outside of lines that no word covers, of a letter's size: a page number in a corner, a column of single
 * figures. None on pages with many of them.
 */
export function findLoose(survey: PageSurvey, blocks: readonly Block[]): TextLine[] {
  const { glyphs, lines, textHeight, smallPrint } = survey
  const isCovered = createCover(survey, blocks)
  const inLines = new Set(lines.flatMap(({ letters }) => letters))
  const least = smallPrint === 0 ? minLoose * textHeight : minLooseSmall * smallPrint
  const isLoose = (glyph: Glyph): boolean => {
    const height = heightOf(glyph)
    const hasSize = height >= least && height <= maxLoose * textHeight
    return hasSize && glyph.x1 - glyph.x0 <= height && !inLines.has(glyph) && !isCovered(glyph)
  }
  const loose = findLines(glyphs.filter(isLoose), 1)
  return countLetters(loose) > maxDust * countLetters(lines) ? [] : loose
}

/** Pieces of one row stand at most this far apart, in heights. */
const maxSpace = 1.2

/**
 * Adds the other pieces of the same rows: a hole in a line is read again with its neighbours, because words were cut at
 * its edges, and because lines are merged whole.
 */
export function withRows(bare: readonly TextLine[], all: readonly TextLine[]): TextLine[] {
  const boxed = all.map((line) => ({ line, box: boxAround(line.letters) }))
  const rows = new Set(bare)
  for (let [before, after] = [0, rows.size]; before < after; [before, after] = [after, rows.size]) {
    const boxes = boxed.filter(({ line }) => rows.has(line))
    for (const { line, box } of boxed) {
      const room = maxSpace * line.height
      const isBeside = boxes.some(({ box: other }) => {
        const down = Math.min(box.y1, other.y1) - Math.max(box.y0, other.y0)
        const isNear = box.x0 - room < other.x1 && other.x0 - room < box.x1
        return isNear && down > 0.5 * Math.min(box.y1 - box.y0, other.y1 - other.y0)
      })
      if (isBeside) rows.add(line)
    }
  }
  return [...rows]
}

/** Lines belong to one region where they are closer than this, in heights. */
const maxDistance = 3

/** Groups lines that lie close to each other, the regions with the most letters first. */
export function regionsOf(lines: readonly TextLine[]): TextLine[][] {
  let regions: { lines: TextLine[]; box: BBox }[] = []
  for (const line of lines) {
    const own = { lines: [line], box: boxAround(line.letters) }
    const room = maxDistance * line.height
    const near = regions.filter(({ box }) => areNear(box, own.box, room))
    const joined = near.reduce((all, each) => join(all, each), own)
    regions = [...regions.filter((region) => !near.includes(region)), joined]
  }
  return regions.map((region) => region.lines).toSorted((a, b) => countLetters(b) - countLetters(a))
}

const join = <T extends { lines: TextLine[]; box: BBox }>(a: T, b: T) => ({
  lines: [...a.lines, ...b.lines],
  box: {
    x0: Math.min(a.box.x0, b.box.x0),
    y0: Math.min(a.box.y0, b.box.y0),
    x1: Math.max(a.box.x1, b.box.x1),
    y1: Math.max(a.box.y1, b.box.y1),
  },
})

const areNear = (a: BBox, b: BBox, room: number): boolean =>
  a.x0 - room < b.x1 && b.x0 - room < a.x1 && a.y0 - room < b.y1 && b.y0 - room < a.y1

/** Returns whether a word covers a letter, which is given in the page's pixels. */
function createCover(survey: PageSurvey, blocks: readonly Block[]): (letter: Glyph) => boolean {
  const level = toLevel(survey)
  const boxes = wordsOf(blocks)
    .map(({ bbox }) => bbox)
    .toSorted((a, b) => a.y0 - b.y0)
  const tallest = boxes.reduce((max, { y0, y1 }) => Math.max(max, y1 - y0), 0)
  return (letter) => {
    const room = reach * heightOf(letter)
    const { x, y } = level({ x: (letter.x0 + letter.x1) / 2, y: (letter.y0 + letter.y1) / 2 })
    for (let at = firstFrom(boxes, y - room - tallest); at < boxes.length; at += 1) {
      const box = boxes[at]
      if (box === undefined || box.y0 > y + room) break
      if (box.y1 >= y - room && box.x0 <= x + room && box.x1 >= x - room) return true
    }
    return false
  }
}

/** The first of these boxes, ordered by their upper edge, that begins at `y` or below. */
function firstFrom(boxes: readonly { y0: number }[], y: number): number {
  let [from, to] = [0, boxes.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((boxes[middle]?.y0 ?? Infinity) < y) from = middle + 1
    else to = middle
  }
  return from
}
