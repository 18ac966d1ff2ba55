import type { Line, Word } from '../../../../shared/contract/result/layout.ts'
import { joinParts } from '../../../../shared/contract/result/join-parts.ts'
import type { Grey } from '../../prepare/grey.ts'
import { boxAround } from '../../prepare/mapping.ts'
import { upperMedian } from '../../prepare/median.ts'
import type { Sign } from './ctc.ts'
import { findInk, longestGap, rowsOfPart, type Span, type StripInk } from './ink.ts'
import { stripHeight, type SeenLine } from './recognise.ts'

/** Lower rows of ink than this are a part of the letters, pixels of the strip. */
const minHeight = 0.35 * stripHeight
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
  const gaps = signs.map((sign, at) => {
    const left = signs[at - 1]
    return longestGap(columns, {
      from: left === undefined ? 0 : columnOf(left),
      to: columnOf(sign),
    })
  })
  const usual = Math.min(maxUsual * height, upperMedian(gaps.slice(1).map(sizeOf)))
  const pieces: Piece[] = []
  signs.forEach((sign, at) => {
    const gap = gaps[at] ?? { from: 0, to: 0 }
    const last = pieces.at(-1)
    if (last !== undefined && !isSpace(sizeOf(gap), { height, usual, read: sign.space })) {
      last.signs.push(sign)
      return
    }
    const middle = last === undefined ? 0 : Math.round((gap.from + gap.to) / 2)
    if (last !== undefined) last.columns.to = middle
    pieces.push({ signs: [sign], columns: { from: middle, to: width } })
  })
  return pieces
}

/** Wider gaps between letters than this share of the height are never usual. */
const maxUsual = 0.6
/** A gap of a line's height is a space, as is a wider one. */
const maxGap = 1

/**
 * Whether a gap between two characters is a space, by logistic regression: the network drops spaces beside figures and
 * in small print, and sees some between bold figures. `read` is its probability of a space there. Fitted to 20 160 gaps
 * of known text, of which 3 196 are spaces: fixed thresholds erred at 169 of them, the network alone at 228, this at
 * 112, and on pages that were held out at 30 instead of 42.
 */
function isSpace(
  gap: number,
  { height, usual, read }: { height: number; usual: number; read: number },
): boolean {
  const size = Math.min(maxGap, gap / height)
  const odds = Math.log((read + 1e-3) / (1 - read + 1e-3))
  return -0.28 + 6.67 * size ** 2 + 0.8 * odds + 1.09 * Math.log((gap + 1) / (usual + 1)) > 0
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
