import type { BBox, Block, Line, Word } from '../../../shared/contract/result/layout.ts'
import type { Glyph } from '../prepare/letters/glyph.ts'
import { countLetters, type TextLine } from '../prepare/letters/lines.ts'
import { upperMedian } from '../prepare/median.ts'
import { keepLines, withWords } from './merge.ts'
import { scoreOf } from './score.ts'

/** Lines with a lower expected share of right words are noise in pictures, rules and stains. */
const minShare = 0.25

/** Words much higher than every line of letters, where none of those is, must have this expected share. */
const [maxRatio, minShareOfDrawn] = [2, 0.8]
/** Fewer letters in lines tell no height. */
const minTelling = 20

/** Tells of a line of words whether it has the size and the place of a drawing. */
function findDrawn(known: readonly TextLine[]): (line: Line) => boolean {
  if (countLetters(known) < minTelling) return () => false
  const tallest = Math.max(...known.map(({ height }) => height))
  return ({ words, bbox }) =>
    upperMedian(words.map((word) => word.bbox.y1 - word.bbox.y0)) > maxRatio * tallest &&
    !known.some(({ letters }) => letters.some((letter) => overlap(bbox, letter)))
}

const overlap = (a: BBox, b: Glyph): boolean =>
  a.x0 < b.x1 && a.x1 > b.x0 && a.y0 < b.y1 && a.y1 > b.y0

/**
 * Drops lines that are noise: pictures, rules, stains. `known`: lines of letters of the page, in the pixels of the
 * blocks; the outlines of a drawing are read as words that are far larger, and elsewhere.
 */
export function withoutNoise(blocks: readonly Block[], known: readonly TextLine[] = []): Block[] {
  const isDrawn = findDrawn(known)
  const isSound = (line: Line): boolean => {
    const { words, share } = scoreOf(line.words)
    return words > 0 && share >= (isDrawn(line) ? minShareOfDrawn : minShare)
  }
  return keepLines(blocks, (line) => (isSound(line) ? line : undefined))
}

/** A bullet is lower than this share of the words beside it, and floats above their feet by this one. */
const [maxBullet, minFloat] = [0.6, 0.06]

/** Names the bullets of lists: engines read `•` as `e`, `o` or `©`, which no letter of that size would be. */
export const withBullets = (blocks: readonly Block[]): Block[] =>
  keepLines(blocks, (line) => {
    const [first, ...others] = line.words
    if (first === undefined || !isBullet(first, others)) return line
    return withWords(line, [{ ...first, text: '•' }, ...others])
  })

function isBullet({ text, bbox }: Word, others: readonly Word[]): boolean {
  if (others.length === 0 || Array.from(text).length !== 1 || /[•\p{Pd}]/u.test(text)) return false
  const [width, height] = [bbox.x1 - bbox.x0, bbox.y1 - bbox.y0]
  const usual = upperMedian(others.map((word) => word.bbox.y1 - word.bbox.y0))
  const feet = others.map((word) => word.bbox.y1).toSorted((a, b) => a - b)
  const foot = feet[feet.length >> 2] ?? 0
  const isSquare = width <= 1.3 * height && height <= 1.3 * width
  return isSquare && height < maxBullet * usual && foot - bbox.y1 > minFloat * usual
}
