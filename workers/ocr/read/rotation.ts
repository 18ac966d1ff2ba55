import type { Recipe } from '../../../shared/contract/recipe.ts'
import type { ReadPrepared } from '../engine/engine.ts'
import { toPrepared } from '../engine/to-prepared.ts'
import { estimateBackground, flatten } from '../prepare/background/background.ts'
import { scaleGrey } from '../prepare/decode.ts'
import { cropGrey, type Grey } from '../prepare/grey.ts'
import { upperMedian } from '../prepare/median.ts'
import type { PageSurvey } from '../prepare/survey.ts'
import { turn, upright, type Turn } from '../prepare/turn.ts'
import { scoreOf, wordsOf, type Score } from './score.ts'

/** Side of the tested part, in text heights: some ten lines. */
const partHeights = 26
const lookHeight = 20
/** A page is turned only if that gains at least this many words. */
const minGain = 3
/** A rotation with this expected share of right words is accepted: the others are not tested. */
const wellRead = 0.8
/** So few words cannot gain `minGain`: they must be almost certain, and far less so in the given rotation. */
const [minFew, sureFew, gainOfFew] = [2, 0.9, 0.2]
/** A page whose best rotation stays below this share may be mirrored: of upright pages none does. */
const maybeMirrored = 0.6

type Rotation = Turn['rotation']

/** Rotations in the order in which they are tested; mirrored ones in that of the lines. */
const ways = {
  across: { plain: [0, 180, 90, 270], mirrored: [0, 180] },
  down: { plain: [0, 90, 270, 180], mirrored: [90, 270] },
} as const satisfies Record<string, Record<'plain' | 'mirrored', readonly Rotation[]>>

/**
 * Reads a part of a page with writing in up to four rotations, and mirrored where none of them is credible. Returns the
 * turn for the page: upright unless another one is clearly better.
 */
export async function findTurn(
  survey: PageSurvey,
  label: string,
  recipe: Recipe,
  read: ReadPrepared,
): Promise<Turn> {
  if (survey.textHeight === 0) return upright
  const part = await partOf(survey)
  const { thresholding_method: _, ...variables } = recipe.variables
  const wishes = { psm: 6, dpi: 300, thresholding: 'otsu', findsTables: true, variables } as const
  const look = async (how: Turn): Promise<Look> => {
    const { blocks } = await read(toPrepared(turn(part, how), label, wishes))
    return { how, score: scoreOf(wordsOf(blocks)) }
  }
  const { plain, mirrored } = survey.isSideways ? ways.down : ways.across
  const looks: Look[] = []
  for (const rotation of plain) {
    const next = await look({ isMirrored: false, rotation })
    if (isWellRead(next)) return next.how
    looks.push(next)
  }
  if (looks.every(({ score }) => score.share < maybeMirrored)) {
    for (const rotation of mirrored) {
      const next = await look({ isMirrored: true, rotation })
      if (isWellRead(next)) return next.how
    }
  }
  return bestOf(looks)
}

interface Look {
  how: Turn
  score: Score
}

const isWellRead = ({ score }: Look): boolean => score.share >= wellRead && score.worth > minGain

/** Chooses the turn that is clearly better than the first. */
function bestOf(looks: readonly Look[]): Turn {
  const given = looks.find(({ how }) => how.rotation === 0)?.score
  const share = given?.share ?? 0
  const enough = Math.max(0, given?.worth ?? 0) + minGain
  const isBetter = ({ score }: Look): boolean => {
    const areSureFew = score.share >= Math.max(sureFew, share + gainOfFew)
    return score.worth > enough || (score.words >= minFew && areSureFew)
  }
  const [best] = looks.filter(isBetter).toSorted((a, b) => b.score.worth - a.score.worth)
  return best?.how ?? upright
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
