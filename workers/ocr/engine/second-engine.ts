import type { WorkerConfig } from '../../../shared/process/config.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import type { Measures } from '../../../shared/redis/measures.ts'
import { readsBeside } from '../../../shared/engine/engine-identity.ts'
import { findNeuralFiles } from '../../../shared/engine/neural-models.ts'
import type { EngineSlot } from './engine-slot.ts'
import { firstRecipe, makeSlot } from './start-engine.ts'

/** An engine that reads again what the first one is not sure of. */
export interface SecondEngine {
  slot: EngineSlot
  /** Whether it has models for a recipe's languages; without them the first engine reads alone. */
  isFor: (recipe: Pick<Recipe, 'languages'>) => boolean
}

/**
 * Loads the second engine that SCRIPTORIUM_SECOND_ENGINE names. Undefined where there is none, and, with one line in
 * the log, where its packages are not installed.
 */
export async function startSecondEngine(
  config: WorkerConfig,
  log: Logger,
  measures: Pick<Measures, 'count'>,
): Promise<SecondEngine | undefined> {
  const { SCRIPTORIUM_SECOND_ENGINE: name, SCRIPTORIUM_NEURAL_MODELS: models } = config
  if (name === 'off' || !readsBeside(name, config.SCRIPTORIUM_ENGINE)) return undefined
  const isFor: SecondEngine['isFor'] = ({ languages }) =>
    name !== 'neural' || hasModels(languages, models)
  try {
    const slot = await makeSlot(config, { name, engines: 1 }, log, measures)
    const recipe = firstRecipe(config)
    if (isFor(recipe)) await slot.warm(recipe)
    return { slot, isFor }
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'configuration') throw thrown
    log.warn({ engine: name, reason: thrown.message }, 'the first engine reads alone')
    return undefined
  }
}

/** Throws `configuration` where the runtime or the models are missing. */
function hasModels(languages: readonly string[], folder: string | undefined): boolean {
  try {
    findNeuralFiles(languages, folder)
    return true
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError && thrown.code === 'unknown_language') return false
    throw thrown
  }
}
