import type { BBox, Line, Word } from '../../../../shared/contract/result/layout.ts'
import { codePointsOf, matchLetters } from './match-words.ts'

/** Part of a line along its reading direction, pixels. */
type Span = readonly [from: number, to: number]

/** The direction in which a line is read, along the axis that it follows most. */
export interface Course {
  spanOf: (box: BBox) => Span
  /** A box of this span, as high as these boxes where they overlap it. */
  boxOf: (span: Span, among: readonly BBox[]) => BBox
}

export function courseOf({ baseline }: Pick<Line, 'baseline'>): Course {
  const [dx, dy] = [baseline.x1 - baseline.x0, baseline.y1 - baseline.y0]
  const isAcross = Math.abs(dx) >= Math.abs(dy)
  const isForward = (isAcross ? dx : dy) >= 0
  const along = ({ x0, y0, x1, y1 }: BBox): Span => (isAcross ? [x0, x1] : [y0, y1])
  const beside = ({ x0, y0, x1, y1 }: BBox): Span => (isAcross ? [y0, y1] : [x0, x1])
  const turned = ([from, to]: Span): Span => (isForward ? [from, to] : [-to, -from])
  return {
    spanOf: (box) => turned(along(box)),
    boxOf(span, among) {
      const [from, to] = turned(span)
      const near = among.filter((box) => along(box)[0] < to && along(box)[1] > from)
      const sides = (near.length === 0 ? among : near).map(beside)
      const low = Math.min(...sides.map(([side]) => side))
      const high = Math.max(...sides.map(([, side]) => side))
      return isAcross
        ? { x0: from, y0: low, x1: to, y1: high }
        : { x0: low, y0: from, x1: high, y1: to }
    },
  }
}

/**
 * Boxes for corrected words in the place of other words: a letter keeps the place of the letter that it replaces, so a
 * word that is split or joined gets the right part of the old boxes. Where that is not known, the place is divided by
 * the number of letters.
 */
export function spreadBoxes(
  course: Course,
  old: readonly Pick<Word, 'text' | 'bbox'>[],
  texts: readonly string[],
): BBox[] {
  const letters = old.flatMap(({ text, bbox }, word) => {
    const [from, to] = course.spanOf(bbox)
    const signs = codePointsOf(text)
    const width = (to - from) / Math.max(1, signs.length)
    return signs.map((sign, index) => ({
      sign,
      word,
      from: from + index * width,
      to: from + (index + 1) * width,
    }))
  })
  const boxes = old.map(({ bbox }) => bbox)
  const spans = boxes.map(course.spanOf)
  const whole: Span = [
    Math.min(...spans.map(([from]) => from)),
    Math.max(...spans.map(([, to]) => to)),
  ]
  const signs = texts.flatMap((text) => codePointsOf(text))
  const places = matchLetters(
    letters.map(({ sign }) => sign),
    signs,
  )
  let next = 0
  const found = texts.map((text) =>
    places
      .slice(next, (next += codePointsOf(text).length))
      .flatMap((place) => (place === undefined ? [] : (letters[place] ?? []))),
  )
  const isForEach = found.every((own, index) => own.length > 0 && own.every(isOf(index)))
  if (isForEach && texts.length === old.length) return boxes
  const same = signs.filter((sign, index) => letters[places[index] ?? -1]?.sign === sign).length
  const isKnown = found.every((own) => own.length > 0) && same >= signs.length * minSame
  const parts = found.map((own): Span => [own[0]?.from ?? whole[0], own.at(-1)?.to ?? whole[1]])
  return stretch(isKnown ? parts : divide(whole, texts), whole).map((span) =>
    course.boxOf(rounded(span), boxes),
  )
}

const isOf =
  (index: number) =>
  ({ word }: { word: number }): boolean =>
    word === index

/** With a smaller share of equal letters their places say nothing. */
const minSame = 0.5

/** Divides a span by the number of letters. */
export function divide([from, to]: Span, texts: readonly string[]): Span[] {
  const lengths = texts.map((text) => codePointsOf(text).length)
  const total = lengths.reduce((sum, length) => sum + length, texts.length - 1)
  let at = 0
  return lengths.map((length) => {
    const start = from + ((to - from) * at) / total
    const end = from + ((to - from) * (at + length)) / total
    at += length + 1
    return [start, end]
  })
}

/** The first word begins, and the last one ends, where the old words did. */
const stretch = (spans: readonly Span[], [from, to]: Span): Span[] =>
  spans.map(([start, end], index) => [
    index === 0 ? from : start,
    index === spans.length - 1 ? to : end,
  ])

/** Boxes have whole pixels, one at least. */
export const rounded = ([from, to]: Span): Span => {
  const start = Math.round(from)
  return [start, Math.max(start + 1, Math.round(to))]
}
