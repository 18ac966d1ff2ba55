import type { Grey } from '../grey.ts'
import type { Rendering } from '../rendering.ts'
import { straighten } from '../slope/straighten.ts'
import type { PrepareStep } from './step.ts'

/** Levels the lines, and cuts a page that was not level to the frame of its content. */
export const level: PrepareStep<Grey, Rendering> = {
  name: 'level',
  apply: (image, { slopes, scale, frame }) =>
    slopes === undefined ? image : straighten(image, slopes, scale, frame),
}
