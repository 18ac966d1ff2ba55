import type { Preset, Recipe } from '../../../shared/recipe.ts'
import type { EngineSettings } from '../engine.ts'
import type { Wishes } from '../prepare/render.ts'

/** One way to read a page. */
export interface Attempt extends Wishes {
  name: string
  /** How the engine tells ink from paper: one threshold for the page, or one for each place. */
  thresholding: 'otsu' | 'sauvola'
  /** The engine looks for tables, too: that takes 7 % of the time of a quick reading. */
  findsTables: boolean
  /** What the engine is told; 0 to let it guess. It goes by it for what is a line, a rule, a speck. */
  dpi: number
}

/** What a preset does with a page: attempts, one after another, until the expected share of right words is enough. */
export interface Plan {
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
 * The English model loses next to nothing by small writing; Fraktur, Greek and Spanish, of finer shapes or with marks on
 * letters, lose 1 to 2.5 of F.
 */
const otherQuick: Attempt = { ...quick, many: { textHeight: 18, narrowing: 0.8 } }
const otherUsual: Attempt = { ...careful, many: { textHeight: 28, narrowing: 0.95 } }
const firstOfOthers: Record<Preset, Attempt> = {
  fast: otherQuick,
  balanced: otherUsual,
  best: otherUsual,
}

/** A recipe's plan for a page: the sizes of the first attempt go by the languages. */
export function planOf({ preset, languages }: Pick<Recipe, 'preset' | 'languages'>): Plan {
  const plan = plans[preset]
  if (languages.every((language) => language === 'eng')) return plan
  const [, ...others] = plan.attempts
  return { ...plan, attempts: [firstOfOthers[preset], ...others] }
}

/** What the engine is told for an attempt; what the user says himself goes before. */
export function settingsOf(
  { thresholding, findsTables, dpi }: Attempt,
  recipe: Recipe,
): EngineSettings {
  return {
    psm: recipe.psm,
    dpi: recipe.dpi === 0 ? dpi : recipe.dpi,
    variables: {
      thresholding_method: thresholding === 'otsu' ? '0' : '2',
      ...(!findsTables && { textord_tabfind_find_tables: '0' }),
      ...recipe.variables,
    },
  }
}
