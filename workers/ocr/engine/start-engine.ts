import type { WorkerConfig } from '../../../shared/process/config.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { defaultRecipe, type Recipe } from '../../../shared/contract/recipe.ts'
import type { Measures } from '../../../shared/redis/measures.ts'
import { findEngineFactory } from './find-engine.ts'
import { createEngineSlot, type EngineSlot } from './engine-slot.ts'

/**
 * Loads the engine for the languages in the environment before the worker takes a job. Rejects if it does not start.
 */
export async function startEngine(
  config: WorkerConfig,
  log: Logger,
  measures: Pick<Measures, 'count'>,
): Promise<EngineSlot> {
  const engineSlot = await makeSlot(
    config,
    { name: config.SCRIPTORIUM_ENGINE, engines: config.SCRIPTORIUM_ENGINES },
    log,
    measures,
  )
  await engineSlot.warm(firstRecipe(config))
  return engineSlot
}

/** A slot, with the limits of the worker, for `engines` engines of a name. Throws `configuration`. */
export const makeSlot = async (
  config: WorkerConfig,
  { name, engines }: { name: string; engines: number },
  log: Logger,
  measures: Pick<Measures, 'count'>,
): Promise<EngineSlot> =>
  createEngineSlot({
    name,
    createEngine: await findEngineFactory(name, config.SCRIPTORIUM_NEURAL_MODELS),
    tessdataPrefix: config.TESSDATA_PREFIX,
    limits: {
      engines,
      pages: config.SCRIPTORIUM_ENGINE_PAGES,
      rssBytes: config.SCRIPTORIUM_WORKER_RSS,
    },
    rssBytes: () => process.memoryUsage.rss(),
    onReplaced: (reason) => measures.count('replacement', reason),
    log,
  })

/** The recipe for which an engine is loaded before the first job. */
export const firstRecipe = (config: WorkerConfig): Recipe => ({
  ...defaultRecipe,
  languages: config.SCRIPTORIUM_LANGUAGES.split('+'),
})
