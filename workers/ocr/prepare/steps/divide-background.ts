import { estimateBackground, flatten } from '../background/background.ts'
import type { Grey } from '../grey.ts'
import type { Rendering } from '../rendering.ts'
import type { PrepareStep } from './step.ts'

/** Divides the background out: paper becomes white, faint ink darker. */
export const divideBackground: PrepareStep<Grey, Rendering> = {
  name: 'divide background',
  apply: (image, { tileSide, gain }) => flatten(image, estimateBackground(image, tileSide), gain),
}
