import { corrupt } from '../open/image.ts'
import type { OpenedPage } from '../open/opened.ts'
import { measureContrast } from './background/contrast.ts'
import { decodePage, scaleGrey } from './decode.ts'
import type { Grey } from './grey.ts'
import type { PageSize } from './mapping.ts'
import { lookAt } from './look.ts'
import { fromLevel, renderPage, toLevel, type Rendered } from './render.ts'
import type { RenderWishes } from './rendering.ts'
import { despeckle } from './steps/despeckle.ts'
import { darken, repaint } from './steps/repaint.ts'
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
  /** Something differs from the paper by more than its grain. */
  hasInk: boolean
  survey: PageSurvey
  first: Rendered
  stepsMs: StepTimes
}

/** The steps of the page itself, before it is surveyed; each attempt renders the surveyed page by steps of its own. */
const pageSteps = [repaint, despeckle, darken]

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

/** Maximum pixels of a page that is read as it is; of one without lines, which is a picture. */
const [maxPixels, maxPicturePixels] = [12e6, 4e6]

/** Renders the page as it was decoded: nothing repainted, levelled or divided out. */
export async function renderAsIs({ grey, survey }: PageOnDesk): Promise<Rendered> {
  const pixels = survey.hasLines && !survey.isTexture ? maxPixels : maxPicturePixels
  const scale = Math.min(1, Math.sqrt(pixels / (grey.width * grey.height)))
  const image = await scaleGrey(grey, scale, scale)
  const [level, unlevel] = [toLevel(survey), fromLevel(survey)]
  return {
    image,
    scale,
    narrowing: 1,
    textHeight: survey.textHeight * scale,
    toLevel: ({ x, y }) => level({ x: x / scale, y: y / scale }),
    ofLevel(place) {
      const { x, y } = unlevel(place)
      return { x: x * scale, y: y * scale }
    },
  }
}

/** Returns the same page, flipped and turned. */
export function turnPage(page: PageOnDesk, how: Turn, wishes: RenderWishes): Promise<PageOnDesk> {
  const grey = turn(page.grey, how)
  return lay({ size: page.size, turn: turnOn(page.turn, how), grey }, wishes)
}

async function lay(
  page: Pick<PageOnDesk, 'size' | 'turn' | 'grey'>,
  wishes: RenderWishes,
  stepsMs: StepTimes = {},
): Promise<PageOnDesk> {
  const first = lookAt(page.grey)
  const { hasInk } = measureContrast(first.small, first.background)
  const survey = surveyPage(await applySteps(pageSteps, first, null, stepsMs))
  return { ...page, hasInk, survey, first: await renderPage(survey, wishes, stepsMs), stepsMs }
}
