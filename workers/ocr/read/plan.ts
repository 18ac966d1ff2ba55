import type { Preset, Recipe } from '../../../shared/contract/recipe.ts'
import type { EngineWishes } from '../engine/engine.ts'
import { legible, type RenderWishes } from '../prepare/rendering.ts'

/** The settings of one reading of a page. */
export interface PlannedReading
  extends RenderWishes, Pick<EngineWishes, 'dpi' | 'thresholding' | 'findsTables'> {
  name: string
  /** Page layout in place of the automatic one, unless the recipe has another. */
  psm?: number
}

/** A preset: readings, one after another, until the expected share of right words is high enough. */
interface Plan {
  readings: readonly [PlannedReading, ...PlannedReading[]]
  enough: number
  /** A second engine is asked below this share. */
  sure: number
}

const whole = {
  name: 'whole',
  thresholding: 'otsu',
  findsTables: true,
  dpi: 300,
  gain: 1,
} as const
const quick: PlannedReading = {
  ...whole,
  findsTables: false,
  textHeight: 18,
  narrowing: 0.8,
  many: { textHeight: 15, narrowing: 0.64 },
}
const usual: PlannedReading = {
  ...whole,
  textHeight: 22,
  narrowing: 0.9,
  keepsFew: legible,
  many: { textHeight: 18, narrowing: 0.75 },
}
const careful: PlannedReading = {
  ...whole,
  textHeight: 24,
  narrowing: 0.95,
  keepsFew: legible,
  many: { textHeight: 19, narrowing: 0.82 },
}
const local: PlannedReading = {
  ...whole,
  name: 'local',
  textHeight: 24,
  narrowing: 0.9,
  thresholding: 'sauvola',
  dpi: 0,
}
const wide: PlannedReading = { ...whole, name: 'wide', textHeight: 26, narrowing: 1 }

/** Measured points on the curve of accuracy against time: docs/accuracy.md. */
const plans: Record<Preset, Plan> = {
  fast: { readings: [quick], enough: 0, sure: 0 },
  balanced: { readings: [usual, local], enough: 0.71, sure: 0.93 },
  best: { readings: [careful, local, wide], enough: 0.9, sure: 1 },
}

/**
 * The English model loses almost nothing with small writing; Fraktur, Greek and Spanish, with finer shapes or marks on
 * letters, lose 1 to 2.5 of F.
 */
const otherQuick: PlannedReading = { ...quick, many: { textHeight: 18, narrowing: 0.8 } }
const otherUsual: PlannedReading = { ...careful, many: { textHeight: 28, narrowing: 0.95 } }
const firstOfOthers: Record<Preset, PlannedReading> = {
  fast: otherQuick,
  balanced: otherUsual,
  best: otherUsual,
}

/** Returns a recipe's plan for a page: the sizes of the first reading depend on the languages. */
export function planOf({ preset, languages }: Pick<Recipe, 'preset' | 'languages'>): Plan {
  const plan = plans[preset]
  if (languages.every((language) => language === 'eng')) return plan
  const [, ...others] = plan.readings
  return { ...plan, readings: [firstOfOthers[preset], ...others] }
}

/** The page's own scale: letters that are legible keep their size and width. */
const own: PlannedReading = { ...whole, name: 'own', textHeight: 24, narrowing: 1, keeps: [16, 28] }
/** The same as one block of lines: rows of cells stay whole. */
export const bareBlock: PlannedReading = { ...own, name: 'block', psm: 6 }

/** Further readings where letters are left that no word covers: first as the page was, then as one block. */
export const bareReadings: readonly PlannedReading[] = [own, bareBlock]

/** The reading of the second engine, of the page as the first one saw it. */
export const secondReading: PlannedReading = { ...usual, name: 'second' }

/** The last reading of a page without text. */
export const lastReading: PlannedReading = { ...own, name: 'as is', dpi: 0 }

/** Rows of figures are read as one block: the automatic layout reads columns, and drops short ones. */
export const tablePsm = 6

const automaticPsm = 3

/** Returns the wishes of a planned reading for the engine; the user's own settings take precedence. */
export const engineWishesOf = (
  { thresholding, findsTables, dpi, psm = automaticPsm }: PlannedReading,
  recipe: Recipe,
): EngineWishes => ({
  psm: recipe.psm === automaticPsm ? psm : recipe.psm,
  dpi: recipe.dpi === 0 ? dpi : recipe.dpi,
  thresholding,
  findsTables,
  variables: recipe.variables,
})
