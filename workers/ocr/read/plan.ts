import type { Preset, Recipe } from '../../../shared/contract/recipe.ts'
import type { EngineWishes } from '../engine/engine.ts'
import type { RenderWishes } from '../prepare/rendering.ts'

/** One way to read a page. */
export interface Attempt
  extends RenderWishes, Pick<EngineWishes, 'dpi' | 'thresholding' | 'findsTables'> {
  name: string
}

/** The steps of a preset: attempts, one after another, until the expected share of right words is high enough. */
interface Plan {
  attempts: readonly [Attempt, ...Attempt[]]
  enough: number
}

const whole = {
  name: 'whole',
  thresholding: 'otsu',
  findsTables: true,
  dpi: 300,
  gain: 1,
} as const
const quick: Attempt = {
  ...whole,
  findsTables: false,
  textHeight: 18,
  narrowing: 0.8,
  many: { textHeight: 15, narrowing: 0.64 },
}
const usual: Attempt = {
  ...whole,
  textHeight: 22,
  narrowing: 0.9,
  many: { textHeight: 18, narrowing: 0.75 },
}
const careful: Attempt = {
  ...whole,
  textHeight: 24,
  narrowing: 0.95,
  many: { textHeight: 19, narrowing: 0.82 },
}
const local: Attempt = {
  ...whole,
  name: 'local',
  textHeight: 24,
  narrowing: 0.9,
  thresholding: 'sauvola',
  dpi: 0,
}
const wide: Attempt = { ...whole, name: 'wide', textHeight: 26, narrowing: 1 }

/** Measured points on the curve of accuracy against time: docs/accuracy.md. */
const plans: Record<Preset, Plan> = {
  fast: { attempts: [quick], enough: 0 },
  balanced: { attempts: [usual, local], enough: 0.7 },
  best: { attempts: [careful, local, wide], enough: 0.9 },
}

/**
 * The English model loses almost nothing with small writing; Fraktur, Greek and Spanish, with finer shapes or marks on
 * letters, lose 1 to 2.5 of F.
 */
const otherQuick: Attempt = { ...quick, many: { textHeight: 18, narrowing: 0.8 } }
const otherUsual: Attempt = { ...careful, many: { textHeight: 28, narrowing: 0.95 } }
const firstOfOthers: Record<Preset, Attempt> = {
  fast: otherQuick,
  balanced: otherUsual,
  best: otherUsual,
}

/** Returns a recipe's plan for a page: the sizes of the first attempt depend on the languages. */
export function planOf({ preset, languages }: Pick<Recipe, 'preset' | 'languages'>): Plan {
  const plan = plans[preset]
  if (languages.every((language) => language === 'eng')) return plan
  const [, ...others] = plan.attempts
  return { ...plan, attempts: [firstOfOthers[preset], ...others] }
}

/** Returns the wishes of an attempt for the engine; the user's own settings take precedence. */
export const engineWishesOf = (
  { thresholding, findsTables, dpi }: Attempt,
  recipe: Recipe,
): EngineWishes => ({
  psm: recipe.psm,
  dpi: recipe.dpi === 0 ? dpi : recipe.dpi,
  thresholding,
  findsTables,
  variables: recipe.variables,
})
