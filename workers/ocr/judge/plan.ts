import type { Preset, Recipe } from '../../../shared/recipe.ts'
import type { EngineSettings } from '../engine.ts'
import type { Wishes } from '../prepare/render.ts'

/** One way to read a page. */
export interface Attempt extends Wishes {
  name: string
  /** How the engine tells ink from paper: one threshold for the page, or one for each place. */
  thresholding: 'otsu' | 'sauvola'
  /** What the engine is told; 0 to let it guess. It goes by it for what is a line, a rule, a speck. */
  dpi: number
}

/** What a preset does with a page: attempts, one after another, until the expected share of right words is enough. */
export interface Plan {
  attempts: readonly [Attempt, ...Attempt[]]
  enough: number
}

const whole = { name: 'whole', thresholding: 'otsu', dpi: 300, gain: 1 } as const
const quick: Attempt = {
  ...whole,
  textHeight: 18,
  narrowing: 0.8,
  many: { textHeight: 15, narrowing: 0.64 },
}
const usual: Attempt = {
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
  balanced: { attempts: [usual, local], enough: 0.75 },
  best: { attempts: [usual, local, wide], enough: 0.9 },
}

/**
 * A recipe's plan for a page. The smaller sizes for pages of many letters were measured with the English
 * model, which loses next to nothing by them; Fraktur, Greek and Spanish, of finer shapes or with marks on letters, lose 1 to 2.5 of F.
 */
export function planOf({ preset, languages }: Pick<Recipe, 'preset' | 'languages'>): Plan {
  const plan = plans[preset]
  if (languages.every((language) => language === 'eng')) return plan
  const [first, ...others] = plan.attempts
  return { ...plan, attempts: [inFullSize(first), ...others.map(inFullSize)] }
}

const inFullSize = ({ many: _many, ...attempt }: Attempt): Attempt => attempt

/** What the engine is told for an attempt; what the user says himself goes before. */
export function settingsOf({ thresholding, dpi }: Attempt, recipe: Recipe): EngineSettings {
  return {
    psm: recipe.psm,
    dpi: recipe.dpi === 0 ? dpi : recipe.dpi,
    variables: { thresholding_method: thresholding === 'otsu' ? '0' : '2', ...recipe.variables },
  }
}
