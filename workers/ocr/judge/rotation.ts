import type { Recipe } from '../../../shared/recipe.ts'
import type { ReadPrepared } from '../page-reader.ts'
import { estimateBackground, flatten } from '../prepare/background.ts'
import { scaleGrey } from '../prepare/decode.ts'
import { cropGrey, type Grey } from '../prepare/grey.ts'
import { median } from '../prepare/median.ts'
import { toPrepared } from '../prepare/render.ts'
import type { Survey } from '../prepare/survey.ts'
import { turn, type Turn } from '../prepare/turn.ts'
import { scoreOf, wordsOf } from './score.ts'

/** Side of the part that is looked at, in heights of the writing: some ten lines. */
const partHeights = 26
const lookHeight = 20
/** A page is turned only if that is worth so many more words. */
const leastGain = 3
/** A way round that is expected to give this share of right words is the one: the others are not looked at. */
const wellRead = 0.8

/**
 * Reads a part of a page, where its writing is, up to four ways round. Returns by how much the page is to be turned clockwise:
 * 0 unless another way is clearly better.
 */
export async function findRotation(
  survey: Survey,
  label: string,
  recipe: Recipe,
  read: ReadPrepared,
): Promise<Turn['rotation']> {
  if (survey.textHeight === 0) return 0
  const part = await partOf(survey)
  const variables = { ...recipe.variables, thresholding_method: '0' }
  let best: { rotation: Turn['rotation']; worth: number } = { rotation: 0, worth: leastGain }
  const ways = survey.isSideways ? ([0, 90, 270, 180] as const) : ([0, 180, 90, 270] as const)
  for (const rotation of ways) {
    const image = turn(part, { isMirrored: false, rotation })
    const { blocks } = await read(toPrepared(image, label, { psm: 6, dpi: 300, variables }))
    const { worth, share } = scoreOf(wordsOf(blocks))
    if (share >= wellRead && worth > leastGain) return rotation
    if (rotation === 0) best = { rotation, worth: Math.max(0, worth) + leastGain }
    else if (worth > best.worth) best = { rotation, worth }
  }
  return best.rotation
}

/** A square round the middle of the writing, its lines as they lie. */
async function partOf({ page, glyphs, textHeight }: Survey): Promise<Grey> {
  const side = partHeights * textHeight
  const x = median(glyphs.map((glyph) => glyph.x0))
  const y = median(glyphs.map((glyph) => glyph.y0))
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
