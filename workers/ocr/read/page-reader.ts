import type { Block } from '../../../shared/contract/result/layout.ts'
import type { Orientation, Reading } from '../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import { meanConfidence } from '../engine/blocks.ts'
import type { ReadPrepared, Recognition } from '../engine/engine.ts'
import { mergeReadings } from './merge.ts'
import { withoutNoise } from './noise.ts'
import { findRotation } from './rotation.ts'
import { planOf, engineWishesOf, type PlannedReading } from './plan.ts'
import { linesOf, scoreOf, wordsOf, type Score } from './score.ts'
import { fitBlocks, mapBlocks } from '../prepare/mapping.ts'
import { turnPage, type PageOnDesk } from '../prepare/prepare.ts'
import { fromLevel, renderPage, toPrepared, type Rendered } from '../prepare/render.ts'
import { placeBeforeTurn } from '../prepare/turn.ts'

/** The result of reading one page, in the pixels of the given page. */
export interface PageReading extends Recognition {
  orientation: Orientation
  readings: Reading[]
}

/** A completed reading, in the pixels of the levelled page. */
interface Made {
  planned: PlannedReading
  scale: number
  rotation: number
  blocks: Block[]
  score: Score
  confidence: number
  recogniseMs: number
}

/**
 * Below this expected share of right words, the other rotations are tried: of 66 upside-down pages none exceeds 0.56;
 * of the same pages upright one stays below 0.65.
 */
const poor = 0.65
/**
 * The engine sees a short word in the grain of one picture in fifty; a word that stands alone must exceed this
 * probability.
 */
const doubtful = 0.75
const few = 3

/** Parameters of reading a page. */
interface Reader {
  label: string
  recipe: Recipe
  read: ReadPrepared
}

/**
 * Reads a page as its preset says: reads until the judge's expectation is high enough, and merges the readings
 * line by line. Turns a page first that is on its side or upside down. Rejects only if the first reading does, or with
 * `cancelled`.
 */
export async function readPage(
  given: PageOnDesk,
  label: string,
  recipe: Recipe,
  read: ReadPrepared,
): Promise<PageReading> {
  const { readings, enough } = planOf(recipe)
  const [first, ...others] = readings
  if (given.survey.isBlank) return conclude(given, [], [])
  const reader = { label, recipe, read }
  const { page, reading } = await readUpright(reader, given, first)
  const made = [reading]
  if (isPicture(page, reading)) return conclude(page, [], made)
  let { blocks } = reading
  for (const planned of others) {
    if (scoreOf(wordsOf(blocks)).share >= enough) break
    const rendered = await renderPage(page.survey, planned)
    const next = await unlessFailing(make(reader, page, planned, rendered))
    if (next === undefined) break
    made.push(next)
    blocks = mergeBetter(blocks, next.blocks)
  }
  return conclude(page, blocks, made)
}

/** Makes the first reading, on the page in its best rotation. */
async function readUpright(
  reader: Reader,
  given: PageOnDesk,
  first: PlannedReading,
): Promise<{ page: PageOnDesk; reading: Made }> {
  const { isSideways } = given.survey
  const page = isSideways ? await turnIfBetter(reader, given, first) : given
  const reading = await make(reader, page, first, page.first)
  if (isSideways || reading.score.share >= poor || isPicture(page, reading))
    return { page, reading }
  const turned = await turnIfBetter(reader, page, first)
  if (turned === page) return { page, reading }
  const second = await unlessFailing(make(reader, turned, first, turned.first))
  return second === undefined ? { page, reading } : { page: turned, reading: second }
}

async function make(
  { label, recipe, read }: Reader,
  page: PageOnDesk,
  planned: PlannedReading,
  rendered: Rendered,
): Promise<Made> {
  const began = performance.now()
  const prepared = toPrepared(rendered.image, label, engineWishesOf(planned, recipe))
  const { blocks, confidence } = await read(prepared)
  return {
    planned,
    scale: rendered.scale,
    rotation: page.turn.rotation,
    blocks: mapBlocks(blocks, rendered.toLevel),
    score: scoreOf(wordsOf(blocks)),
    confidence,
    recogniseMs: performance.now() - began,
  }
}

async function turnIfBetter(
  { label, recipe, read }: Reader,
  page: PageOnDesk,
  first: PlannedReading,
): Promise<PageOnDesk> {
  const rotation = await unlessFailing(findRotation(page.survey, label, recipe, read))
  return rotation === undefined || rotation === 0 ? page : turnPage(page, rotation, first)
}

/**
 * The survey found no lines of letters, and the reading is not credible: another would cost time and invent
 * words.
 */
const isPicture = ({ survey }: PageOnDesk, { score }: Made): boolean =>
  !survey.hasLines && (score.share < poor || isDoubtful(score))

const isDoubtful = ({ words, share }: Score): boolean => words < few && share < doubtful

/** The reading with the higher worth leads: its line order is kept. */
function mergeBetter(first: readonly Block[], second: readonly Block[]): Block[] {
  const [a, b] = [scoreOf(wordsOf(first)), scoreOf(wordsOf(second))]
  return a.worth >= b.worth ? mergeReadings(first, second) : mergeReadings(second, first)
}

/**
 * A rotation test or a further reading that times out or breaks the engine costs only itself: the earlier reading
 * stands.
 */
async function unlessFailing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (thrown) {
    const isOfEngine = thrown instanceof ScriptoriumError && thrown.code !== 'cancelled'
    if (isOfEngine) return undefined
    throw thrown
  }
}

function conclude(page: PageOnDesk, merged: readonly Block[], made: readonly Made[]): PageReading {
  const { turn, size, survey } = page
  const sound = withoutNoise(merged)
  const kept = isDoubtful(scoreOf(wordsOf(sound))) ? [] : sound
  const toPage = fromLevel(survey)
  const blocks = fitBlocks(
    mapBlocks(kept, (place) => placeBeforeTurn(turn, size, toPage(place))),
    size,
  )
  const lines = new Set(linesOf(kept))
  const words = wordsOf(blocks)
  const lean = survey.slopes?.coefficients[0] ?? 0
  return {
    text: blocks.map(({ text }) => text).join('\n\n'),
    confidence: meanConfidence(words),
    blocks,
    // Adds zero so that the skew of a level page is 0, not -0.
    orientation: { ...turn, skew: hundredths((Math.atan(-lean) * 180) / Math.PI) + 0 },
    readings: made.map((each) => toReading(each, lines)),
  }
}

function toReading(made: Made, kept: ReadonlySet<unknown>): Reading {
  const { planned, scale, rotation, blocks, score, confidence, recogniseMs } = made
  return {
    name: planned.name,
    thresholding: planned.thresholding,
    scale: hundredths(scale),
    rotation,
    words: score.words,
    confidence,
    score: hundredths(score.share),
    linesKept: linesOf(blocks).filter((line) => kept.has(line)).length,
    recogniseMs: hundredths(recogniseMs),
  }
}

const hundredths = (value: number): number => Math.round(value * 100) / 100
