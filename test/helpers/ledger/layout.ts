import type { Block, Line } from '../../../shared/contract/result/layout.ts'

/** A line of words at one height: each word is given with its left edge; a letter is 10 wide, the type 20 high. */
export function lineAt(
  y: number,
  words: readonly (readonly [text: string, x: number])[],
  size = 20,
): Line {
  const placed = words.map(([text, x]) => ({
    text,
    confidence: 90,
    bbox: { x0: x, y0: y, x1: x + text.length * 10, y1: y + size },
  }))
  const bbox = {
    x0: placed[0]?.bbox.x0 ?? 0,
    y0: y,
    x1: placed.at(-1)?.bbox.x1 ?? 0,
    y1: y + size,
  }
  const text = words.map(([word]) => word).join(' ')
  const baseline = { x0: bbox.x0, y0: bbox.y1, x1: bbox.x1, y1: bbox.y1 }
  return { text, confidence: 90, bbox, baseline, size, words: placed }
}

/** A line of text from `x` on, its words a space apart. */
export function textLine(y: number, text: string, x = 100, size = 20): Line {
  let at = x
  const words = text.split(' ').map((word) => {
    const placed = [word, at] as const
    at += word.length * 10 + 6
    return placed
  })
  return lineAt(y, words, size)
}

/** A block of one paragraph. */
export function blockOf(...lines: Line[]): Block {
  const bbox = {
    x0: Math.min(...lines.map((line) => line.bbox.x0)),
    y0: Math.min(...lines.map((line) => line.bbox.y0)),
    x1: Math.max(...lines.map((line) => line.bbox.x1)),
    y1: Math.max(...lines.map((line) => line.bbox.y1)),
  }
  const all = { text: lines.map(({ text }) => text).join('\n'), confidence: 90, bbox }
  return { ...all, paragraphs: [{ ...all, lines }] }
}
