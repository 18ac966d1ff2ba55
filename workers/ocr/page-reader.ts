import type { Block, Orientation, Reading } from '../../shared/contract.ts'
import { ScriptoriumError } from '../../shared/errors.ts'
import type { Recipe } from '../../shared/recipe.ts'
import { meanConfidence } from './confidence.ts'
import type { PreparedPage, Recognition } from './engine.ts'
import { mergeReadings } from './judge/merge.ts'
import { withoutNoise } from './judge/noise.ts'
import { findRotation } from './judge/rotation.ts'
import { planOf, settingsOf, type Attempt } from './judge/plan.ts'
import { linesOf, scoreOf, wordsOf, type Score } from './judge/score.ts'
import { fitBlocks, mapBlocks } from './prepare/place.ts'
import { turnPage, type PageOnDesk } from './prepare/prepare.ts'
import { fromLevel, renderPage, toPrepared, type Rendered } from './prepare/render.ts'
import { placeBeforeTurn } from './prepare/turn.ts'

/** What reading one page gave, in the pixels of the page as it was given. */
export interface PageReading extends Recognition {
  orientation: Orientation
  readings: Reading[]
}

/** Has the engine read a prepared page. */
export type ReadPrepared = (page: PreparedPage) => Promise<Recognition>

/** One attempt that was made: what was read, in the pixels of the level page. */
interface Made {
  attempt: Attempt
  scale: number
  rotation: number
  blocks: Block[]
  score: Score
  confidence: number
  recogniseMs: number
}

/**
 * Below this share of words expected to be right, a page is looked at the other ways round: of 66 pages upside down none
 * gets more than 0.56, of the same pages upright one gets less than 0.65.
 */
const poor = 0.65
/** In the grain of one picture in fifty the engine sees a short word; a word that stands alone is to be surer than that. */
const doubtful = 0.75
const few = 3

/** How pages are read here. */
interface Reader {
  label: string
  recipe: Recipe
  read: ReadPrepared
}

/**
 * Reads a page as its preset wants it: attempts are made until the judge expects enough of it, and merged line by line.
 * A page on its side or upside down is turned first. Rejects only if the first attempt does, or with `cancelled`.
 */
export async function readPage(
  given: PageOnDesk,
  label: string,
  recipe: Recipe,
  read: ReadPrepared,
): Promise<PageReading> {
  const { attempts, enough } = planOf(recipe)
  const [first, ...others] = attempts
  if (given.survey.isBlank) return conclude(given, [], [])
  const reader = { label, recipe, read }
  const { page, reading } = await readUpright(reader, given, first)
  const made = [reading]
  if (isPicture(page, reading)) return conclude(page, [], made)
  let { blocks } = reading
  for (const attempt of others) {
    if (scoreOf(wordsOf(blocks)).share >= enough) break
    const rendered = await renderPage(page.survey, attempt)
    const next = await unlessFailing(make(reader, page, attempt, rendered))
    if (next === undefined) break
    made.push(next)
    blocks = mergeBetter(blocks, next.blocks)
  }
  return conclude(page, blocks, made)
}

/** Makes the first attempt, at the page the way round that it reads best. */
async function readUpright(
  reader: Reader,
  given: PageOnDesk,
  first: Attempt,
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
  attempt: Attempt,
  rendered: Rendered,
): Promise<Made> {
  const began = performance.now()
  const prepared = toPrepared(rendered.image, label, settingsOf(attempt, recipe))
  const { blocks, confidence } = await read(prepared)
  return {
    attempt,
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
  first: Attempt,
): Promise<PageOnDesk> {
  const rotation = await unlessFailing(findRotation(page.survey, label, recipe, read))
  return rotation === undefined || rotation === 0 ? page : turnPage(page, rotation, first)
}

/** No lines of letters were seen, and what was read is not worth believing: to look again would cost time and invent words. */
const isPicture = ({ survey }: PageOnDesk, { score }: Made): boolean =>
  !survey.hasLines && (score.share < poor || isDoubtful(score))

const isDoubtful = ({ words, share }: Score): boolean => words < few && share < doubtful

/** The reading that is worth more leads: its order of lines is kept. */
function mergeBetter(first: readonly Block[], second: readonly Block[]): Block[] {
  const [a, b] = [scoreOf(wordsOf(first)), scoreOf(wordsOf(second))]
  return a.worth >= b.worth ? mergeReadings(first, second) : mergeReadings(second, first)
}

/** A look or a further attempt that runs out of time, or breaks the engine, costs only itself: what was read before stands. */
async function unlessFailing<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt
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
    // Plus nought: a level page is askew by 0, not by -0.
    orientation: { ...turn, skew: hundredths((Math.atan(-lean) * 180) / Math.PI) + 0 },
    readings: made.map((each) => toReading(each, lines)),
  }
}

function toReading(made: Made, kept: ReadonlySet<unknown>): Reading {
  const { attempt, scale, rotation, blocks, score, confidence, recogniseMs } = made
  return {
    name: attempt.name,
    thresholding: attempt.thresholding,
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
