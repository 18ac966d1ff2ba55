import type { Line } from '../../../../shared/contract/result/layout.ts'
import { meanConfidence } from '../../../../shared/contract/result/join-parts.ts'
import type { PreparedPage, Recognition } from '../engine.ts'
import { detectLines } from './detect.ts'
import { arrange } from './layout.ts'
import type { Model } from './model/onnx.ts'
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

/** Reads the given lines of a page, or finds its lines and reads each. */
export async function readLines(
  { detector, recogniser }: NeuralModels,
  { pgm, width, height, wishes }: Pick<PreparedPage, 'pgm' | 'width' | 'height' | 'wishes'>,
): Promise<Recognition> {
  const page = { data: pgm.subarray(pgm.length - width * height), width, height }
  const { textHeight = 0, narrowing = 1 } = wishes
  const scale =
    textHeight > 0 ? detectedHeight / textHeight : Math.sqrt(unknownPixels / (width * height))
  const lines: Line[] = []
  const wished = wishes.lines?.map((box) => ({ box, slope: 0 }))
  for (const found of wished ?? (await detectLines(detector, page, Math.min(1, scale)))) {
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
