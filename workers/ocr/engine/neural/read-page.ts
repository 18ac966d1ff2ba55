import type { BBox, Line } from '../../../../shared/contract/result/layout.ts'
import { meanConfidence } from '../blocks.ts'
import type { PreparedPage, Recognition } from '../engine.ts'
import { detectLines } from './detect.ts'
import { arrange } from './layout.ts'
import type { Model } from './onnx.ts'
import { recogniseLine, type Recogniser } from './recognise.ts'
import { toLine } from './words.ts'

/** The models of one engine. */
export interface NeuralModels {
  detector: Model
  recogniser: Recogniser
}

/** Lines are found where their capitals are this high, pixels: smaller ones run together, larger ones take longer. */
const detectedHeight = 14
/** Pixels in which the lines of a page are found whose letters have no known height. */
const unknownPixels = 1.5e6

/** Words cover a line that have this share of its width, each with the spaces beside it: a height in all. */
const minKnown = 0.85

function isKnown({ x0, y0, x1, y1 }: BBox, known: readonly BBox[]): boolean {
  const space = (y1 - y0) / 2
  const spans = known
    .filter((word) => (word.y0 + word.y1) / 2 > y0 && (word.y0 + word.y1) / 2 < y1)
    .map((word) => ({ from: Math.max(x0, word.x0 - space), to: Math.min(x1, word.x1 + space) }))
    .toSorted((a, b) => a.from - b.from)
  let [covered, end] = [0, x0]
  for (const { from, to } of spans) {
    covered += Math.max(0, to - Math.max(from, end))
    end = Math.max(end, to)
  }
  return covered >= minKnown * (x1 - x0)
}

/** Finds the lines of a page and reads each. */
export async function readLines(
  { detector, recogniser }: NeuralModels,
  { pgm, width, height, wishes }: Pick<PreparedPage, 'pgm' | 'width' | 'height' | 'wishes'>,
): Promise<Recognition> {
  const page = { data: pgm.subarray(pgm.length - width * height), width, height }
  const { textHeight = 0, narrowing = 1, known = [] } = wishes
  const scale =
    textHeight > 0 ? detectedHeight / textHeight : Math.sqrt(unknownPixels / (width * height))
  const lines: Line[] = []
  for (const found of await detectLines(detector, page, Math.min(1, scale))) {
    if (isKnown(found.box, known)) continue
    const line = toLine(await recogniseLine(recogniser, page, found, narrowing))
    if (line !== undefined) lines.push(line)
  }
  const blocks = arrange(lines)
  return {
    text: blocks.map(({ text }) => text).join('\n\n'),
    confidence: meanConfidence(lines.flatMap(({ words }) => words)),
    blocks,
  }
}
