import type { Block, Line, Paragraph, Word } from '../../../../shared/contract/result/layout.ts'
import { joinParts, meanConfidence } from '../../../../shared/contract/result/join-parts.ts'
import type { PageResult, WarningCode } from '../../../../shared/contract/result/page.ts'
import { acceptWords, correctLine } from './correct-line.ts'

/** A person's text of a page. */
export interface PageCorrection {
  /** The text of each line, in reading order; an empty one removes the line. */
  lines: readonly string[]
  /** Numbers of words, counted from 1 in reading order, that a person has seen and left as they are. */
  accepted: readonly number[]
}

/** A person has looked at the text, so these say nothing about it any more. */
const settledWarnings: ReadonlySet<WarningCode> = new Set<WarningCode>([
  'low_confidence',
  'reading_given_up',
  'correction_kept',
  'correction_dropped',
])

export const pageLines = ({ blocks }: Pick<PageResult, 'blocks'>): Line[] =>
  blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines))

/** Applies a correction to a page; undefined where it is for a page with another number of lines. */
export function correctPage(
  page: PageResult,
  { lines, accepted }: PageCorrection,
): PageResult | undefined {
  if (pageLines(page).length !== lines.length) return undefined
  const texts = lines.values()
  const seen = new Set(accepted)
  let number = 0
  const correct = (line: Line): Line | undefined => {
    const first = number + 1
    number += line.words.length
    const checked = acceptWords(line, (index) => seen.has(first + index))
    const { value: text = '' } = texts.next()
    return isSameText(line, text) ? checked : correctLine(checked, text)
  }
  const blocks = page.blocks.flatMap((block) => correctBlock(block, correct) ?? [])
  return withBlocks(page, blocks)
}

const isSameText = ({ text, words }: Line, given: string): boolean =>
  given.trim() === text.trim() || given === words.map((word) => word.text).join(' ')

function correctBlock(block: Block, correct: (line: Line) => Line | undefined): Block | undefined {
  const paragraphs = block.paragraphs.flatMap((paragraph): Paragraph[] => {
    const lines = paragraph.lines.flatMap((line) => correct(line) ?? [])
    const isSame = lines.every((line, index) => line === paragraph.lines[index])
    if (isSame && lines.length === paragraph.lines.length) return [paragraph]
    return lines.length === 0 ? [] : [{ ...paragraph, ...joinParts(lines, '\n'), lines }]
  })
  const isSame = paragraphs.every((paragraph, index) => paragraph === block.paragraphs[index])
  if (isSame && paragraphs.length === block.paragraphs.length) return block
  return paragraphs.length === 0
    ? undefined
    : { ...block, ...joinParts(paragraphs, '\n\n'), paragraphs }
}

function withBlocks({ warnings, ...page }: PageResult, blocks: Block[]): PageResult {
  const text = blocks.map((block) => block.text).join('\n\n')
  const recognised = wordsIn(blocks.filter(({ isOwnText }) => isOwnText !== true))
  const left = warnings?.filter(({ code }) => !settledWarnings.has(code)) ?? []
  return {
    ...page,
    outcome: text.trim() === '' ? 'empty' : 'succeeded',
    text,
    blocks,
    confidence: meanConfidence(wordsIn(blocks)),
    ...(page.scannedConfidence !== undefined &&
      page.textSource !== 'layer' && {
        scannedConfidence: recognised.length === 0 ? null : meanConfidence(recognised),
      }),
    ...(left.length > 0 && { warnings: left }),
  }
}

const wordsIn = (blocks: readonly Block[]): Word[] =>
  pageLines({ blocks: [...blocks] }).flatMap(({ words }) => words)
