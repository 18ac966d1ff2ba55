import { scaleGrey } from '../decode.ts'
import type { Grey } from '../grey.ts'
import type { Rendering } from '../rendering.ts'
import type { PrepareStep } from './step.ts'

/** Brings the writing to the wished height and width. */
export const scale: PrepareStep<Grey, Rendering> = {
  name: 'scale',
  apply: (image, { factor }) => scaleGrey(image, factor.x, factor.y),
}
