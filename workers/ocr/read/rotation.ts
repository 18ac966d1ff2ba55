import type { Recipe } from '../../../shared/contract/recipe.ts'
import type { ReadPrepared } from '../engine/engine.ts'
import { toPrepared } from '../engine/to-prepared.ts'
import { estimateBackground, flatten } from '../prepare/background/background.ts'
import { scaleGrey } from '../prepare/decode.ts'
import { cropGrey, type Grey } from '../prepare/grey.ts'
import { upperMedian } from '../prepare/median.ts'
import type { PageSurvey } from '../prepare/survey.ts'
import { turn, type Turn } from '../prepare/turn.ts'
import { scoreOf, wordsOf } from './score.ts'

/** Side of the tested part, in text heights: some ten lines. */
const partHeights = 26
const lookHeight = 20
/** A page is turned only if that gains at least this many words. */
const minGain = 3
/** A rotation with this expected share of right words is accepted: the others are not tested. */
const wellRead = 0.8

/**
 * Reads a part of a page with writing in up to four rotations. Returns the clockwise turn for the page: 0 unless
 * another rotation is clearly better.
 */
export async function findRotation(
  survey: PageSurvey,
  label: string,
  recipe: Recipe,
  read: ReadPrepared,
): Promise<Turn['rotation']> {
  if (survey.textHeight === 0) return 0
  const part = await partOf(survey)
  const { thresholding_method: _, ...variables } = recipe.variables
  const wishes = { psm: 6, dpi: 300, thresholding: 'otsu', findsTables: true, variables } as const
  let best: { rotation: Turn['rotation']; worth: number } = { rotation: 0, worth: minGain }
  const ways = survey.isSideways ? ([0, 90, 270, 180] as const) : ([0, 180, 90, 270] as const)
  for (const rotation of ways) {
    const image = turn(part, { isMirrored: false, rotation })
    const { blocks } = await read(toPrepared(image, label, wishes))
    const { worth, share } = scoreOf(wordsOf(blocks))
    if (share >= wellRead && worth > minGain) return rotation
    if (rotation === 0) best = { rotation, worth: Math.max(0, worth) + minGain }
    else if (worth > best.worth) best = { rotation, worth }
  }
  return best.rotation
}

/** A square around the middle of the writing, its lines not levelled. */
async function partOf({ page, glyphs, textHeight }: PageSurvey): Promise<Grey> {
  const side = partHeights * textHeight
  const x = upperMedian(glyphs.map((glyph) => glyph.x0))
  const y = upperMedian(glyphs.map((glyph) => glyph.y0))
  const left = Math.max(0, Math.round(x - side / 2))
  const top = Math.max(0, Math.round(y - side / 2))
  const cut = cropGrey(page, {
    x: left,
    y: top,
    width: Math.min(side, page.width - left),
    height: Math.min(side, page.height - top),
  })
  const scale = lookHeight / textHeight
  const scaled = await scaleGrey(cut, scale, scale)
  return flatten(scaled, estimateBackground(scaled, 26), 1)
}
