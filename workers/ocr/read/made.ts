import type { Block } from '../../../shared/contract/result/layout.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { ReadPrepared } from '../engine/engine.ts'
import { toPrepared } from '../engine/to-prepared.ts'
import { mapBlocks, type Mapping } from '../prepare/mapping.ts'
import type { Rendered } from '../prepare/render.ts'
import type { Turn } from '../prepare/turn.ts'
import { mergeReadings } from './merge.ts'
import { engineWishesOf, type PlannedReading } from './plan.ts'
import { scoreOf, wordsOf, type Score } from './score.ts'

/** One completed reading, in the pixels of the levelled page. */
export interface Made {
  planned: PlannedReading
  scale: number
  rotation: number
  blocks: Block[]
  score: Score
  confidence: number
  recogniseMs: number
}

/** Parameters of reading a page. */
export interface Reader {
  label: string
  recipe: Recipe
  read: ReadPrepared
  /** A second engine, where there is one for the recipe's languages. */
  second?: ReadPrepared | undefined
  /** Called when a further reading is given up: with more time the text may be better. */
  onGivenUp: (name: string, error: ScriptoriumError) => void
}

/** Reads a rendered page, or a part of it that `toPage` maps to the page. */
export async function makeReading(
  { label, recipe, read }: Reader,
  { rotation }: Turn,
  planned: PlannedReading,
  rendered: Rendered,
  toPage: Mapping = (place) => place,
): Promise<Made> {
  const began = performance.now()
  const prepared = toPrepared(rendered.image, label, {
    ...engineWishesOf(planned, recipe),
    textHeight: rendered.textHeight,
    narrowing: rendered.narrowing,
  })
  const { blocks, confidence } = await read(prepared)
  return {
    planned,
    scale: rendered.scale,
    rotation,
    blocks: mapBlocks(blocks, (place) => toPage(rendered.toLevel(place))),
    score: scoreOf(wordsOf(blocks)),
    confidence,
    recogniseMs: performance.now() - began,
  }
}

/** The reading with the higher worth leads: its line order is kept. */
export function mergeBetter(first: readonly Block[], second: readonly Block[]): Block[] {
  const [a, b] = [scoreOf(wordsOf(first)), scoreOf(wordsOf(second))]
  return a.worth >= b.worth ? mergeReadings(first, second) : mergeReadings(second, first)
}

/**
 * A rotation test or a further reading that times out or breaks the engine costs only itself: the earlier reading
 * stands, and the page is marked.
 */
export async function unlessFailing<T>(
  { onGivenUp }: Pick<Reader, 'onGivenUp'>,
  name: string,
  reading: Promise<T>,
): Promise<T | undefined> {
  try {
    return await reading
  } catch (thrown) {
    const isOfEngine = thrown instanceof ScriptoriumError && thrown.code !== 'cancelled'
    if (!isOfEngine) throw thrown
    onGivenUp(name, thrown)
    return undefined
  }
}
