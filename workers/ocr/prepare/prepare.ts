import { corrupt } from '../open/image.ts'
import type { OpenedPage } from '../open/opened.ts'
import { decodePage } from './decode.ts'
import type { Grey } from './grey.ts'
import type { PageSize } from './mapping.ts'
import { lookAt } from './look.ts'
import { renderPage, type Rendered } from './render.ts'
import type { RenderWishes } from './rendering.ts'
import { repaint } from './steps/repaint.ts'
import { applySteps, type StepTimes } from './steps/step.ts'
import { surveyPage, type PageSurvey } from './survey.ts'
import { turn, turnOn, type Turn } from './turn.ts'

/** A page on the desk: decoded, surveyed, and rendered for its first attempt. */
export interface PageOnDesk {
  /** Size of the given page, pixels. */
  size: PageSize
  /** The turn from the given pixels to those of `grey`. */
  turn: Turn
  grey: Grey
  survey: PageSurvey
  first: Rendered
  stepsMs: StepTimes
}

/** The steps of the page itself, before it is surveyed; each reading renders the surveyed page by its own steps. */
const pageSteps = [repaint]

/**
 * Decodes a page and prepares it for its first attempt: all work that can run while the engine reads another page.
 * Throws `corrupt_image`; the message follows the file's name.
 */
export async function preparePage(
  opened: Extract<OpenedPage, { kind: 'pixels' }>,
  maxMegapixels: number,
  wishes: RenderWishes,
): Promise<PageOnDesk> {
  const decoded = await decodePage(opened, maxMegapixels).catch((thrown: unknown) => {
    throw corrupt(thrown)
  })
  return lay(decoded, wishes)
}

/** Returns the same page, turned clockwise by `rotation`. */
export function turnPage(
  page: PageOnDesk,
  rotation: Turn['rotation'],
  wishes: RenderWishes,
): Promise<PageOnDesk> {
  const grey = turn(page.grey, { isMirrored: false, rotation })
  return lay({ size: page.size, turn: turnOn(page.turn, rotation), grey }, wishes)
}

async function lay(
  page: Pick<PageOnDesk, 'size' | 'turn' | 'grey'>,
  wishes: RenderWishes,
  stepsMs: StepTimes = {},
): Promise<PageOnDesk> {
  const look = await applySteps(pageSteps, lookAt(page.grey), null, stepsMs)
  const survey = surveyPage(look)
  return { ...page, survey, first: await renderPage(survey, wishes, stepsMs), stepsMs }
}
