import type { Block, Line } from '../../../shared/contract/result/layout.ts'
import { toBlock, toParagraph } from './merge.ts'
import { scoreOf } from './score.ts'

/** Lines with a lower expected share of right words are noise in pictures, rules and stains. */
const minShare = 0.25

function isSound({ words }: Line): boolean {
  const { words: count, share } = scoreOf(words)
  return count > 0 && share >= minShare
}

/** Drops lines that are noise: pictures, rules, stains. */
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
