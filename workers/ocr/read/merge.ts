import type { BBox, Block, Line, Paragraph, Word } from '../../../shared/contract/result/layout.ts'
import { joinParts } from '../../../shared/contract/result/join-parts.ts'
import { boxAround } from '../prepare/mapping.ts'
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
  const blocks = replaceLines(first, (line) => stead.get(line) ?? [line])
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

/** Rebuilds blocks with each line replaced by others; a line without replacement is dropped. */
export function replaceLines(
  blocks: readonly Block[],
  replace: (line: Line) => readonly Line[],
): Block[] {
  return blocks.flatMap((block) => {
    const paragraphs = block.paragraphs.flatMap((paragraph) => {
      const lines = paragraph.lines.flatMap(replace)
      return lines.length === 0 ? [] : [toParagraph(lines)]
    })
    return paragraphs.length === 0 ? [] : [toBlock(paragraphs)]
  })
}

/** Drops lines, or replaces them; a block in which nothing changes keeps the engine's own box and confidence. */
export function keepLines(
  blocks: readonly Block[],
  keep: (line: Line) => Line | undefined,
): Block[] {
  return blocks.flatMap((block) => {
    const kept = new Map(linesOf([block]).map((line) => [line, keep(line)]))
    if (kept.entries().every(([line, left]) => left === line)) return [block]
    return replaceLines([block], (line) => {
      const left = kept.get(line)
      return left === undefined ? [] : [left]
    })
  })
}

/** Inserts a line as a separate block before the first block that is wholly below it. */
export function insertLine(blocks: Block[], line: Line): void {
  const below = blocks.findIndex(({ bbox }) => bbox.y0 >= line.bbox.y1)
  blocks.splice(below === -1 ? blocks.length : below, 0, toBlock([toParagraph([line])]))
}

/** Makes the same line of other words; without any, it keeps its box. */
export const withWords = (line: Line, words: Word[]): Line => ({
  ...line,
  ...joinParts(words, ' '),
  bbox: words.length === 0 ? line.bbox : boxAround(words.map(({ bbox }) => bbox)),
  words,
})

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
    bbox: boxAround(parts.map(({ bbox }) => bbox)),
  }
}
