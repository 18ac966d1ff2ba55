import type { Line, Word } from '../../../../shared/contract/result/layout.ts'
import { joinParts } from '../blocks.ts'
import type { Grey } from '../../prepare/grey.ts'
import { boxAround } from '../../prepare/mapping.ts'
import { upperMedian } from '../../prepare/median.ts'
import type { Sign } from './ctc.ts'
import { findInk, longestGap, rowsOfPart, type Span, type StripInk } from './ink.ts'
import { stripHeight, type SeenLine } from './recognise.ts'

/** A gap of ink of this share of the line's height is a space: the network drops those before and after figures. */
const minSpace = 0.4
/** Lower rows of ink than this are a part of the letters, pixels of the strip. */
const minHeight = 0.35 * stripHeight
/** A space that the network read has a gap of at least this share: it sees some between bold figures. */
const minReadSpace = 0.15
/**
 * Where letters are set apart, a space exceeds the usual gap between them by these factors: one that the network read,
 * and one that it did not. Wider gaps than a share of the height are never usual.
 */
const [minRead, minUnread, maxUsual] = [1.2, 2, 0.6]

/** Characters between two spaces, and the columns from the middle of one to the middle of the other. */
interface Piece {
  signs: Sign[]
  columns: Span
}

/** Cuts a seen line into words, with boxes on the page. Undefined where nothing is read. */
export function toLine({ found: { box, slope }, strip, signs }: SeenLine): Line | undefined {
  const ink = findInk(strip)
  const scale = { x: (box.x1 - box.x0) / strip.width, y: (box.y1 - box.y0) / strip.height }
  const words = piecesOf(strip, ink, signs).map((piece): Word => {
    const across = trim(ink.columns, piece.columns)
    const down = rowsOfPart(strip, ink, across)
    const drop = slope * scale.x * ((across.from + across.to) / 2 - strip.width / 2)
    const bbox = {
      x0: box.x0 + across.from * scale.x,
      y0: box.y0 + down.from * scale.y + drop,
      x1: box.x0 + across.to * scale.x,
      y1: box.y0 + down.to * scale.y + drop,
    }
    return { text: textOf(piece), confidence: confidenceOf(piece), bbox }
  })
  return words.length === 0 ? undefined : lineOf(words)
}

/** Makes a line of words, at least one, which stand side by side. */
export function lineOf(words: Word[]): Line {
  const bbox = boxAround(words.map((word) => word.bbox))
  const baseline = baselineOf(words, bbox)
  const ascent = (baseline.y0 + baseline.y1) / 2 - bbox.y0
  return { ...joinParts(words, ' '), bbox, baseline, size: ascent / ascentShare, words }
}

/** Cuts a line at its spaces. */
function piecesOf({ width }: Grey, { band, columns }: StripInk, signs: readonly Sign[]): Piece[] {
  const height = Math.max(band.to - band.from, minHeight)
  const columnOf = ({ at }: Sign): number => Math.round(at * width)
  const read = signs.filter(({ text }) => text !== ' ')
  const spaced = new Set(signs.filter((_, at) => signs[at - 1]?.text === ' '))
  const gaps = read.map((sign, at) => {
    const left = read[at - 1]
    return longestGap(columns, {
      from: left === undefined ? 0 : columnOf(left),
      to: columnOf(sign),
    })
  })
  const usual = Math.min(maxUsual * height, upperMedian(gaps.slice(1).map(sizeOf)))
  const pieces: Piece[] = []
  read.forEach((sign, at) => {
    const gap = gaps[at] ?? { from: 0, to: 0 }
    const size = sizeOf(gap)
    const isSpace = spaced.has(sign)
      ? size >= Math.max(minRead * usual, minReadSpace * height)
      : size >= Math.max(minSpace * height, minUnread * usual)
    const last = pieces.at(-1)
    if (last !== undefined && !isSpace) {
      last.signs.push(sign)
      return
    }
    const middle = last === undefined ? 0 : Math.round((gap.from + gap.to) / 2)
    if (last !== undefined) last.columns.to = middle
    pieces.push({ signs: [sign], columns: { from: middle, to: width } })
  })
  return pieces
}

const sizeOf = ({ from, to }: Span): number => to - from

/** The columns with ink; all of them where none has. */
function trim(columns: Uint8Array, { from, to }: Span): Span {
  let [first, last] = [from, to]
  while (first < last && columns[first] === 0) first += 1
  while (last > first && columns[last - 1] === 0) last -= 1
  return last > first ? { from: first, to: last } : { from, to: Math.max(from + 1, to) }
}

const textOf = ({ signs }: Piece): string => signs.map(({ text }) => text).join('')

/** Probability of the least sure character, percent: it tells right words from wrong ones better than their mean. */
const confidenceOf = ({ signs }: Piece): number =>
  Math.round(10_000 * Math.min(...signs.map(({ chance }) => chance))) / 100

/** Height of ascenders above the baseline, of the height from descender to ascender. */
const ascentShare = 0.78
/** Characters that reach below the baseline. */
const descending = /[gjpqyQ,;()[\]{}$@/|_]/

/** The line through the feet of the words without descenders, by the median of the slopes between them. */
function baselineOf(words: readonly Word[], { x0, y1, x1 }: Line['bbox']): Line['baseline'] {
  const standing = words.filter(({ text }) => !descending.test(text) && /[\p{L}\p{N}]/u.test(text))
  const feet = standing.map(({ bbox }) => ({ x: (bbox.x0 + bbox.x1) / 2, y: bbox.y1 }))
  if (feet.length === 0) return { x0, y0: y1, x1, y1 }
  const slopes = feet.flatMap(({ x, y }, at) =>
    feet.slice(at + 1).map((other) => (other.y - y) / Math.max(1, other.x - x)),
  )
  const slope = slopes.length < 3 ? 0 : upperMedian(slopes)
  const base = upperMedian(feet.map(({ x, y }) => y - slope * x))
  return { x0, y0: base + slope * x0, x1, y1: base + slope * x1 }
}
