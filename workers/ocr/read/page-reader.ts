import type { Block } from '../../../shared/contract/result/layout.ts'
import type { Orientation, PageWarning, Reading } from '../../../shared/contract/result/page.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import type { ScriptoriumError } from '../../../shared/process/errors.ts'
import { meanConfidence } from '../../../shared/contract/result/join-parts.ts'
import type { ReadPrepared, Recognition } from '../engine/engine.ts'
import { findBare } from './coverage.ts'
import { isCredible, isDoubtful, isInvented, readsUpright } from './credible.ts'
import { fillBare, fillLoose } from './fill-bare.ts'
import { makeReading, mergeBetter, unlessFailing, type Made, type Reader } from './made.ts'
import { withBullets, withoutNoise } from './noise.ts'
import { findTurn } from './rotation.ts'
import { lastReading, planOf, tablePsm, type PlannedReading } from './plan.ts'
import { linesOf, scoreOf, wordsOf } from './score.ts'
import { askSecond, beginWithSecond, isSecondSure } from './second-reading.ts'
import { readingGivenUp, warningsOf } from './warnings.ts'
import { fitBlocks, mapBlocks } from '../prepare/mapping.ts'
import { renderAsIs, turnPage, type PageOnDesk } from '../prepare/prepare.ts'
import { fromLevel, renderPage, type Rendered } from '../prepare/render.ts'
import type { PageSurvey } from '../prepare/survey.ts'
import { placeBeforeTurn } from '../prepare/turn.ts'

/** The result of reading one page, in the pixels of the given page. */
export interface PageReading extends Recognition {
  orientation: Orientation
  readings: Reading[]
  /** Share of the letters in lines that no word covers. */
  uncovered?: number
  warnings?: PageWarning[]
}

/**
 * Reads a page as its preset says: reads until the judge's expectation is high enough, and merges the readings
 * line by line. A second engine reads what the first one is not sure of. Reads lines again that no word covers. Turns a
 * page first that is on its side or upside down. Rejects only if the first reading does, or with `cancelled`; a further
 * reading that fails leaves a warning.
 */
export async function readPage(
  given: PageOnDesk,
  label: string,
  recipe: Recipe,
  read: ReadPrepared,
  second?: ReadPrepared,
): Promise<PageReading> {
  const givenUp: PageWarning[] = []
  const onGivenUp = (name: string, { code, message }: ScriptoriumError): void =>
    void givenUp.push(readingGivenUp(name, code, message))
  const page = await readPlanned({ label, recipe, read, second, onGivenUp }, given)
  const warnings = [...givenUp, ...(page.warnings ?? [])]
  return warnings.length === 0 ? page : { ...page, warnings }
}

async function readPlanned(reader: Reader, given: PageOnDesk): Promise<PageReading> {
  const { readings, enough, sure } = planOf(reader.recipe)
  const [first, ...others] = readings
  if (given.survey.isBlank)
    return given.hasInk ? readLast(reader, given, []) : conclude(given, [], [])
  const begun = await beginWithSecond(reader, given)
  if (begun !== undefined && isSecondSure(begun))
    return finish(reader, given, begun.blocks, [begun])
  const { page, reading } = await readUpright(reader, given, first)
  const made = begun === undefined ? [reading] : [begun, reading]
  if (isPicture(page, reading)) return readLast(reader, page, made)
  // What it read before the page was turned is worth nothing.
  const judged = await askSecond(reader, page, reading, sure, page === given ? begun : undefined)
  made.push(...(judged?.made ?? []))
  let blocks = judged?.blocks ?? reading.blocks
  for (const planned of judged?.blocks === undefined ? others : []) {
    if (scoreOf(wordsOf(blocks)).share >= enough) break
    const rendered = await renderPage(page.survey, planned)
    const next = await unlessFailing(reader, planned.name, make(reader, page, planned, rendered))
    if (next === undefined) break
    made.push(next)
    blocks = mergeBetter(blocks, next.blocks)
  }
  return finish(reader, page, blocks, made)
}

/** Reads the lines and the loose figures that have no words, unless the page has none worth keeping. */
async function finish(
  reader: Reader,
  page: PageOnDesk,
  read: readonly Block[],
  earlier: readonly Made[],
): Promise<PageReading> {
  const filled = await fillBare(reader, page, read)
  const loose = await fillLoose(reader, page, filled.blocks)
  const { blocks } = loose
  const made = [...earlier, ...filled.made, ...loose.made]
  return isWorthless(page, blocks) ? readLast(reader, page, made) : conclude(page, blocks, made)
}

/** Nothing of the reading will be kept. */
function isWorthless({ survey }: PageOnDesk, blocks: readonly Block[]): boolean {
  const sound = withoutNoise(blocks)
  return (
    isDoubtful(scoreOf(wordsOf(sound))) || isInvented(blocks, () => findBare(survey, sound).share)
  )
}

/** No page is called empty that was not read as it is: preparation may have erased its writing. */
async function readLast(
  reader: Reader,
  page: PageOnDesk,
  made: readonly Made[],
): Promise<PageReading> {
  const last = await unlessFailing(
    reader,
    lastReading.name,
    make(reader, page, lastReading, await renderAsIs(page)),
  )
  if (last === undefined) return conclude(page, [], made)
  return conclude(page, isCredible(last) ? last.blocks : [], [...made, last])
}

/** Makes the first reading, of the page in its best rotation. */
async function readUpright(
  reader: Reader,
  given: PageOnDesk,
  first: PlannedReading,
): Promise<{ page: PageOnDesk; reading: Made }> {
  const { isSideways } = given.survey
  const page = isSideways ? await turnIfBetter(reader, given, first) : given
  const reading = await make(reader, page, first, page.first)
  // Letters that are all alike may be capitals upside down.
  const mayTurn = page.survey.hasLines || isCredible(reading)
  if (isSideways || readsUpright(reading.score) || !mayTurn) return { page, reading }
  const turned = await turnIfBetter(reader, page, first)
  if (turned === page) return { page, reading }
  const second = await unlessFailing(reader, 'turned', make(reader, turned, first, turned.first))
  return second === undefined ? { page, reading } : { page: turned, reading: second }
}

/** Reads a whole page once. */
function make(
  reader: Reader,
  page: PageOnDesk,
  planned: PlannedReading,
  rendered: Rendered,
): Promise<Made> {
  const layout = page.survey.isTable ? { psm: tablePsm, ...planned } : planned
  return makeReading(reader, page.turn, layout, rendered)
}

async function turnIfBetter(
  reader: Reader,
  page: PageOnDesk,
  first: PlannedReading,
): Promise<PageOnDesk> {
  const { label, recipe, read } = reader
  const how = await unlessFailing(reader, 'rotation', findTurn(page.survey, label, recipe, read))
  const isUpright = how === undefined || (how.rotation === 0 && !how.isMirrored)
  return isUpright ? page : turnPage(page, how, first)
}

/** The survey found no letters in lines, and the reading is not credible: another would cost time and invent words. */
const isPicture = ({ survey }: PageOnDesk, made: Made): boolean =>
  (!survey.hasLines || survey.isTexture) && !isCredible(made)

function conclude(page: PageOnDesk, merged: readonly Block[], made: readonly Made[]): PageReading {
  const { turn, size, survey } = page
  const sound = withoutNoise(merged, survey.lines)
  const kept = isDoubtful(scoreOf(wordsOf(sound))) ? [] : withBullets(sound)
  const toPage = fromLevel(survey)
  const blocks = fitBlocks(
    mapBlocks(kept, (place) => placeBeforeTurn(turn, size, toPage(place))),
    size,
  )
  const bare = findBare(survey, kept)
  const lines = new Set(linesOf(kept))
  const words = wordsOf(blocks)
  const lean = survey.slopes?.coefficients[0] ?? 0
  const warnings = warningsOf(scoreOf(words), bare, survey)
  return {
    text: blocks.map(({ text }) => text).join('\n\n'),
    confidence: meanConfidence(words),
    blocks,
    // Adds zero so that the skew of a level page is 0, not -0.
    orientation: { ...turn, skew: hundredths((Math.atan(-lean) * 180) / Math.PI) + 0 },
    readings: made.map((each) => toReading(each, lines, survey)),
    uncovered: hundredths(bare.share),
    ...(warnings.length > 0 && { warnings }),
  }
}

function toReading(made: Made, kept: ReadonlySet<unknown>, survey: PageSurvey): Reading {
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
    uncovered: hundredths(findBare(survey, blocks).share),
    recogniseMs: hundredths(recogniseMs),
  }
}

const hundredths = (value: number): number => Math.round(value * 100) / 100
