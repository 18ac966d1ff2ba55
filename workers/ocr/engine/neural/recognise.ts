import type { Grey } from '../../prepare/grey.ts'
import { decodeLine, type Sign } from './ctc.ts'
import type { FoundLine } from './detect.ts'
import type { Model } from './model/onnx.ts'
import { resample } from './resample.ts'

/** A recogniser and the characters of its classes, from class 1 on. */
export interface Recogniser {
  model: Model
  alphabet: readonly string[]
}

/** A line as the network saw it, and its characters. */
export interface SeenLine {
  found: FoundLine
  /** The box, resampled. */
  strip: Grey
  signs: Sign[]
}

/** Height of the network's input, pixels. */
export const stripHeight = 48
/** Widths are multiples of the pixels of one time step. */
const step = 8
const channels = 3
/** Receipts are read best at 0.9 of their width: at 1 they lose 1 to 3 of F; letters lose 2 at 0.75, and nothing here. */
const bestNarrowing = 0.9
/** Longer lines are narrowed: activations take about 10 kB a column. */
const maxWidth = 4_000

/**
 * Reads one line, which is `narrowing` times as wide as it was printed: a network gives for each step along it the
 * probability of each character (Du et al.: SVTR, IJCAI 2022; Shi, Bai, Yao: CRNN, 2015). Lines are read one by one:
 * batches take as long here, and would let one line's padding change another's text.
 */
export async function recogniseLine(
  { model, alphabet }: Recogniser,
  page: Grey,
  found: FoundLine,
  narrowing: number,
): Promise<SeenLine> {
  const { box } = found
  const own = (stripHeight * (box.x1 - box.x0)) / (box.y1 - box.y0)
  const wished = (own * bestNarrowing) / narrowing
  const width = Math.min(maxWidth, step * Math.max(2, Math.round(wished / step)))
  const pixels = resample(page, found, { width, height: stripHeight })
  const input = new Float32Array(channels * pixels.length)
  for (let at = 0; at < pixels.length; at += 1) input[at] = (pixels[at] ?? 255) / 127.5 - 1
  for (let channel = 1; channel < channels; channel += 1)
    input.copyWithin(channel * pixels.length, 0, pixels.length)
  const output = await model(input, [1, channels, stripHeight, width])
  const strip = { data: new Uint8Array(pixels), width, height: stripHeight }
  return { found, strip, signs: decodeLine(output, alphabet) }
}
