import type { BBox, Block, Line, Paragraph } from '../../../shared/contract/result/layout.ts'
import { joinParts } from '../engine/blocks.ts'
import { linesOf, scoreOf } from './score.ts'

/** Lines of two readings at the same place of a page. */
interface Match {
  first: Line[]
  second: Line[]
}

/**
 * Merges two readings of the same page, both in the same pixels with lines level: the first reading, with each line
 * replaced that the second read better, plus worthwhile lines that only the second has. So the result exceeds the
 * better of two readings (a vote of engines over lines: Lund, Walker, Ringger, ICDAR 2011).
 */
export function mergeReadings(first: readonly Block[], second: readonly Block[]): Block[] {
  const stead = new Map<Line, readonly Line[]>()
  const added: Line[] = []
  for (const match of matchLines(linesOf(first), linesOf(second))) {
    const [head, ...others] = match.first
    const isBetter = worthOf(match.second) > worthOf(match.first)
    if (head === undefined) {
      if (worthOf(match.second) > 0) added.push(...match.second)
    } else if (match.second.length > 0 && isBetter) {
      stead.set(head, match.second)
      for (const other of others) stead.set(other, [])
    }
  }
  const blocks = first.flatMap((block) => rebuild(block, stead))
  for (const line of added) insertLine(blocks, line)
  return blocks
}

const worthOf = (lines: readonly Line[]): number =>
  scoreOf(lines.flatMap(({ words }) => words)).worth

/** Groups lines that overlap by more than half of their height: one line may be two in the other reading. */
function matchLines(first: readonly Line[], second: readonly Line[]): Match[] {
  const groups = new Map<Line, Match>()
  for (const line of first) groups.set(line, { first: [line], second: [] })
  for (const line of second) {
    const mates = first.filter((other) => overlaps(line.bbox, other.bbox))
    const [head, ...others] = [...new Set(mates.flatMap((mate) => groups.get(mate) ?? []))]
    const group = head ?? { first: [], second: [] }
    for (const other of others) {
      group.first.push(...other.first)
      group.second.push(...other.second)
    }
    group.second.push(line)
    for (const member of [...group.first, ...group.second]) groups.set(member, group)
  }
  return [...new Set(groups.values())]
}

function overlaps(a: BBox, b: BBox): boolean {
  const down = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0)
  const across = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)
  return across > 0 && down > 0.5 * Math.min(a.y1 - a.y0, b.y1 - b.y0)
}

function rebuild(block: Block, stead: ReadonlyMap<Line, readonly Line[]>): Block[] {
  const paragraphs = block.paragraphs.flatMap((paragraph) => {
    const lines = paragraph.lines.flatMap((line) => stead.get(line) ?? [line])
    return lines.length === 0 ? [] : [toParagraph(lines)]
  })
  return paragraphs.length === 0 ? [] : [toBlock(paragraphs)]
}

/** Inserts a line as a separate block before the first block that is wholly below it. */
export function insertLine(blocks: Block[], line: Line): void {
  const below = blocks.findIndex(({ bbox }) => bbox.y0 >= line.bbox.y1)
  blocks.splice(below === -1 ? blocks.length : below, 0, toBlock([toParagraph([line])]))
}

/** Makes a paragraph of these lines, which derives its box, text and confidence from theirs. At least one line. */
export const toParagraph = (lines: Line[]): Paragraph => ({ ...above(lines, '\n'), lines })
/** Makes a block of these paragraphs, at least one. */
export const toBlock = (paragraphs: Paragraph[]): Block => ({
  ...above(paragraphs, '\n\n'),
  paragraphs,
})

function above(
  parts: readonly { text: string; confidence: number; bbox: BBox }[],
  separator: string,
) {
  return {
    ...joinParts(parts, separator),
    bbox: {
      x0: Math.min(...parts.map(({ bbox }) => bbox.x0)),
      y0: Math.min(...parts.map(({ bbox }) => bbox.y0)),
      x1: Math.max(...parts.map(({ bbox }) => bbox.x1)),
      y1: Math.max(...parts.map(({ bbox }) => bbox.y1)),
    },
  }
}
