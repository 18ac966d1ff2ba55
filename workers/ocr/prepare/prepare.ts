import { corrupt } from '../open/image.ts'
import type { OpenedPage } from '../open/opened.ts'
import { decodePage } from './decode.ts'
import type { Grey } from './grey.ts'
import type { Size } from './place.ts'
import { renderPage, type Rendered, type Wishes } from './render.ts'
import { surveyPage, type Survey } from './survey.ts'
import { turn, turnOn, type Turn } from './turn.ts'

/** A page that lies on the desk: decoded, looked at, and made ready for its first attempt. */
export interface PageOnDesk {
  /** As it was given, pixels. */
  size: Size
  /** What puts the given pixels the way they lie in `grey`. */
  turn: Turn
  grey: Grey
  survey: Survey
  first: Rendered
}

/**
 * Decodes a page and makes it ready for its first attempt: everything that can be done while the engine reads another.
 * Throws `corrupt_image`; the message is complete after the file's name.
 */
export async function preparePage(
  opened: Extract<OpenedPage, { kind: 'pixels' }>,
  maxMegapixels: number,
  wishes: Wishes,
): Promise<PageOnDesk> {
  const decoded = await decodePage(opened, maxMegapixels).catch((thrown: unknown) => {
    throw corrupt(thrown)
  })
  return lay(decoded, wishes)
}

/** The same page, turned clockwise by `rotation`. */
export function turnPage(
  page: PageOnDesk,
  rotation: Turn['rotation'],
  wishes: Wishes,
): Promise<PageOnDesk> {
  const grey = turn(page.grey, { isMirrored: false, rotation })
  return lay({ size: page.size, turn: turnOn(page.turn, rotation), grey }, wishes)
}

async function lay(
  page: Pick<PageOnDesk, 'size' | 'turn' | 'grey'>,
  wishes: Wishes,
): Promise<PageOnDesk> {
  const survey = surveyPage(page.grey)
  return { ...page, survey, first: await renderPage(survey, wishes) }
}
