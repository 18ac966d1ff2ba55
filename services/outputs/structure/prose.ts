import type { Row } from './rows.ts'
import { cellGap, widestGap } from './rows.ts'
import { around, median, middle, type UprightLine } from './upright.ts'

const fewestLines = 3
const fewestWords = 5

/**
 * The lines of running text, which are no cells: paragraphs whose lines have several words without a wide gap and fill
 * its width. A column of long cells looks alike, but most of its lines have short neighbours at the same height.
 */
export function proseOf(lines: readonly UprightLine[], rows: readonly Row[]): Set<UprightLine> {
  const likely = new Set(
    [...Map.groupBy(lines, ({ paragraph }) => paragraph).values()].filter(isProse).flat(),
  )
  const beside = new Set(rows.flatMap((row) => besideOthers(row, likely)))
  for (const paragraph of Map.groupBy(likely, ({ block }) => block).values()) {
    const count = paragraph.filter((line) => beside.has(line)).length
    if (count >= paragraph.length * 0.6) for (const line of paragraph) likely.delete(line)
  }
  return likely
}

function isProse(lines: readonly UprightLine[]): boolean {
  if (lines.length < fewestLines) return false
  const { x0, x1 } = around(lines.map(({ box }) => box))
  const whole = lines.filter(({ words, size }) => widestGap(words) < size * cellGap)
  const full = lines.filter(({ box }) => box.x1 - box.x0 > (x1 - x0) * 0.7)
  return (
    whole.length >= lines.length * 0.8 &&
    full.length >= lines.length * 0.5 &&
    median(lines.map(({ words }) => words.length)) >= fewestWords
  )
}

/** The lines of a row that have a neighbour which is no running text, at exactly their height. */
function besideOthers({ lines }: Row, prose: ReadonlySet<UprightLine>): UprightLine[] {
  const others = lines.filter((line) => !prose.has(line))
  return lines.filter((line) =>
    others.some((other) => Math.abs(middle(other.box) - middle(line.box)) < line.size * 0.3),
  )
}
