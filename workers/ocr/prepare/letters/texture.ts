import { upperMedian } from '../median.ts'
import { heightOf } from './glyph.ts'
import { minHeight } from './glyphs.ts'
import { countLetters, type TextLine } from './lines.ts'

/** Marks differ from their median by this share in width and height at most: dots, rings and dashes in rows. */
const maxDeviation = 0.1
/** On 72 pages of text at most 0.76 of the letters in lines are alike, on most of them fewer than 0.4. */
const minAlike = 0.82
/** Fewer letters are alike by chance: a row of figures, a short heading. */
const minMarks = 20

/** Grain is cut off at the minimum height of a letter: this share of its pieces is hardly higher. */
const [minTiny, tinyHeights] = [0.17, 1.25]
/** Small print at a low resolution has pieces of that size, too, but fewer than a page of grain. */
const minGrain = 3_000

/** Whether the letters in lines are marks of one size instead. Tables of figures come close to that. */
export function areMarks(lines: readonly TextLine[]): boolean {
  const letters = lines.flatMap((line) => line.letters)
  if (letters.length < minMarks) return false
  const width = upperMedian(letters.map(({ x0, x1 }) => x1 - x0))
  const height = upperMedian(letters.map(heightOf))
  const alike = letters.filter((letter) => {
    const [across, down] = [letter.x1 - letter.x0 - width, heightOf(letter) - height]
    return Math.abs(across) <= maxDeviation * width && Math.abs(down) <= maxDeviation * height
  })
  return alike.length >= minAlike * letters.length
}

/**
 * Whether the letters in lines are the grain of a picture or of paper. `factor`: pixels of the lines in a pixel of the
 * surveyed image.
 */
export function isGrain(lines: readonly TextLine[], factor: number): boolean {
  if (countLetters(lines) < minGrain) return false
  const limit = tinyHeights * minHeight * factor
  const letters = lines.flatMap((line) => line.letters)
  const tiny = letters.filter((letter) => heightOf(letter) <= limit)
  return tiny.length >= minTiny * letters.length
}
