/** Readings as an engine might give them. */
import type { Block, Line } from '../../../../shared/contract/result/layout.ts'
import { toBlock, toParagraph } from '../../../../workers/ocr/read/merge.ts'

/** A line of words of 10 pixels a sign, 20 high; all have the same confidence. */
export function lineAt(y: number, text: string, confidence = 95, x = 0): Line {
  let left = x
  const words = text.split(' ').map((word) => {
    const bbox = { x0: left, y0: y, x1: left + 10 * word.length, y1: y + 20 }
    left = bbox.x1 + 10
    return { text: word, confidence, bbox }
  })
  const bbox = { x0: x, y0: y, x1: left - 10, y1: y + 20 }
  const baseline = { x0: x, y0: y + 16, x1: left - 10, y1: y + 16 }
  return { text, confidence, bbox, baseline, size: 20, words }
}

/** A line whose words lie side by side over this width, without a gap. */
export function lineOver(
  text: string,
  confidence: number,
  width: number,
  [y0, y1]: readonly [top: number, bottom: number],
): Line {
  const parts = text.split(' ')
  const words = parts.map((word, at) => ({
    text: word,
    confidence,
    bbox: { x0: (at * width) / parts.length, y0, x1: ((at + 1) * width) / parts.length, y1 },
  }))
  const baseline = { x0: 0, y0: y1, x1: width, y1 }
  return { text, confidence, bbox: { x0: 0, y0, x1: width, y1 }, baseline, size: y1 - y0, words }
}

/** One block of one paragraph. */
export const blockOf = (...lines: Line[]): Block => toBlock([toParagraph(lines)])

export const textsOf = (blocks: readonly Block[]): string[] =>
  blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ lines }) => lines.map(({ text }) => text)),
  )
