import type { BBox, Block } from '../../../shared/contract/result/layout.ts'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import type { ReadPrepared } from '../engine/engine.ts'
import { hasColumns } from '../prepare/letters/columns.ts'
import { countLetters } from '../prepare/letters/lines.ts'
import type { PageOnDesk } from '../prepare/prepare.ts'
import { findBare } from './coverage.ts'
import { judge } from './judge/judge.ts'
import { unsureBoxes } from './judge/unsure.ts'
import { makeReading, unlessFailing, type Made, type Reader } from './made.ts'
import { withoutNoise } from './noise.ts'
import { secondReading } from './plan.ts'
import { wordsOf } from './score.ts'

/** A page that the first engine reads worse than this is read by the second as a whole, in the second one's order. */
const poorlyRead = 0.88
/** From this share of letters without a word on, text is missing that the second engine may see. */
const missing = 0.05

/** Where the first engine finds fewer words, the second reads words in rows of dots and textures. */
const minWords = 3

/** Receipts, forms and short letters have fewer letters in lines: the second engine reads them better, and as fast. */
const fewLetters = 800
/** A page with fewer letters is a picture by chance. */
const minLetters = 20
/** The first engine reads the page as well where the second one's expected share of right words is lower. */
const wellRead = 0.8

/**
 * Has the second engine read a page of few letters before the first one does. Returns nothing where there is no such
 * engine, where the page does not suit it, or where it fails. Columns of text are left to the first engine: the second
 * may read across them.
 */
export async function beginWithSecond(reader: Reader, page: PageOnDesk): Promise<Made | undefined> {
  const { second, recipe } = reader
  const { hasLines, isTexture, isSideways, lines } = page.survey
  const letters = countLetters(lines)
  const suits =
    hasLines && !isTexture && !isSideways && letters >= minLetters && letters < fewLetters
  // Settings of the recipe are for the first engine.
  const isPlain = recipe.psm === defaultRecipe.psm && Object.keys(recipe.variables).length === 0
  if (second === undefined || !suits || !isPlain || hasColumns(lines)) return undefined
  return readBySecond(reader, page, second)
}

/** Whether a reading of the second engine needs none of the first. */
export const isSecondSure = ({ score }: Made): boolean =>
  score.words >= minWords && score.share >= wellRead

/** Of rings in rows and other textures both engines read words: the second one's are no text below this share. */
const minShare = 0.5
const isText = ({ score }: Made): boolean => score.share >= minShare

/**
 * Has a second engine read the lines that the first one is not sure of, where the first reading's expected share of
 * right words is below `enough`; `begun` is its reading of the page, if it began. Returns nothing where there is none,
 * where it is not asked, or where it fails; no blocks where its reading is no text.
 */
export async function askSecond(
  reader: Reader,
  page: PageOnDesk,
  first: Made,
  enough: number,
  begun: Made | undefined,
): Promise<{ blocks?: Block[]; made: Made[] } | undefined> {
  const { second } = reader
  const { share } = first.score
  if (second === undefined) return undefined
  const sound = withoutNoise(first.blocks)
  if (wordsOf(sound).length < minWords) return undefined
  const leads = share < poorlyRead ? 'second' : 'first'
  const merge = (other: Made) =>
    isText(other) ? { blocks: judge(sound, other.blocks, leads) } : {}
  if (begun !== undefined) return { ...merge(begun), made: [] }
  const isMissing = findBare(page.survey, first.blocks).share >= missing
  if (share >= enough && (enough === 0 || !isMissing)) return undefined
  const isWhole = leads === 'second' || isMissing
  const lines = unsureBoxes(sound).map((box) => boxOn(page, box))
  if (!isWhole && lines.length === 0) return undefined
  const asked: ReadPrepared = (prepared) =>
    second(isWhole ? prepared : { ...prepared, wishes: { ...prepared.wishes, lines } })
  const made = await readBySecond(reader, page, asked)
  return made && { ...merge(made), made: [made] }
}

/** A box of the levelled page on the image of the first reading. */
function boxOn({ first }: PageOnDesk, { x0, y0, x1, y1 }: BBox): BBox {
  const [from, to] = [first.ofLevel({ x: x0, y: y0 }), first.ofLevel({ x: x1, y: y1 })]
  return { x0: from.x, y0: from.y, x1: to.x, y1: to.y }
}

const readBySecond = (
  reader: Reader,
  page: PageOnDesk,
  read: ReadPrepared,
): Promise<Made | undefined> =>
  unlessFailing(
    reader,
    secondReading.name,
    makeReading({ ...reader, read }, page.turn, secondReading, page.first),
  )
