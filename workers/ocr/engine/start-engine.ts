import type { WorkerConfig } from '../../../shared/process/config.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import { findEngineFactory } from './find-engine.ts'
import { createEngineSlot, type EngineSlot } from './engine-slot.ts'

/**
 * Loads the engine for the languages in the environment before the worker takes a job. Rejects if it does not start.
 */
export async function startEngine(config: WorkerConfig, log: Logger): Promise<EngineSlot> {
  const engineSlot = createEngineSlot({
    createEngine: await findEngineFactory(
      config.SCRIPTORIUM_ENGINE,
      config.SCRIPTORIUM_NEURAL_MODELS,
    ),
    tessdataPrefix: config.TESSDATA_PREFIX,
    limits: {
      engines: config.SCRIPTORIUM_ENGINES,
      pages: config.SCRIPTORIUM_ENGINE_PAGES,
      rssBytes: config.SCRIPTORIUM_WORKER_RSS,
    },
    rssBytes: () => process.memoryUsage.rss(),
    log,
  })
  await engineSlot.warm({ ...defaultRecipe, languages: config.SCRIPTORIUM_LANGUAGES.split('+') })
  return engineSlot
}
