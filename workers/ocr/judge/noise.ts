import type { Block, Line } from '../../../shared/contract.ts'
import { toBlock, toParagraph } from './merge.ts'
import { scoreOf } from './score.ts'

/** Lines of which less is expected to be right are what an engine sees in pictures, rules and stains. */
const leastShare = 0.25

function isSound({ words }: Line): boolean {
  const { words: count, share } = scoreOf(words)
  return count > 0 && share >= leastShare
}

/** Leaves out the lines that no writing stands behind. */
export function withoutNoise(blocks: readonly Block[]): Block[] {
  return blocks.flatMap((block) => {
    if (block.paragraphs.every(({ lines }) => lines.every(isSound))) return [block]
    const paragraphs = block.paragraphs.flatMap((paragraph) => {
      const lines = paragraph.lines.filter(isSound)
      return lines.length === 0 ? [] : [toParagraph(lines)]
    })
    return paragraphs.length === 0 ? [] : [toBlock(paragraphs)]
  })
}
