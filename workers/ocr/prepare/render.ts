import type { Grey } from './grey.ts'
import type { Mapping } from './mapping.ts'
import { planRendering, type RenderWishes } from './rendering.ts'
import { placeAfter, placeBefore } from './slope/straighten.ts'
import { divideBackground } from './steps/divide-background.ts'
import { level } from './steps/level.ts'
import { scale } from './steps/scale.ts'
import { applySteps, type StepTimes } from './steps/step.ts'
import type { PageSurvey } from './survey.ts'

/** A rendered page, and the mapping back. */
export interface Rendered {
  image: Grey
  /** Maps to the surveyed page with its lines levelled: there attempts at every scale can be compared. */
  toLevel: Mapping
  /** Maps back from there. */
  ofLevel: Mapping
  /** Vertical pixels of it per pixel of the page. */
  scale: number
  /** Width of the writing relative to its width on the page. */
  narrowing: number
  /** Height of most capitals in it, pixels; 0 where it is unknown. */
  textHeight: number
}

/** Maps from the levelled page to the surveyed one. */
export const fromLevel =
  ({ slopes }: PageSurvey): Mapping =>
  (place) =>
    slopes === undefined ? place : placeBefore(slopes, place)

/** Maps from the surveyed page to the levelled one. */
export const toLevel =
  ({ slopes }: PageSurvey): Mapping =>
  (place) =>
    slopes === undefined ? place : placeAfter(slopes, place)

/**
 * The steps from the surveyed page to the engine's. The background goes before lines are levelled: beside the white that
 * levelling brings in from outside, paper would look like a shade.
 */
const renderSteps = [scale, divideBackground, level]

/** Renders a surveyed page with its writing at the wished height, lines level, paper white. */
export async function renderPage(
  survey: PageSurvey,
  wishes: RenderWishes,
  times?: StepTimes,
): Promise<Rendered> {
  const rendering = planRendering(survey, wishes)
  const { frame, scale: to } = rendering
  return {
    image: await applySteps(renderSteps, survey.page, rendering, times),
    scale: to.y,
    narrowing: to.x / to.y,
    textHeight: survey.textHeight * to.y,
    toLevel: ({ x, y }) => ({ x: frame.x + x / to.x, y: frame.y + y / to.y }),
    ofLevel: ({ x, y }) => ({ x: (x - frame.x) * to.x, y: (y - frame.y) * to.y }),
  }
}
