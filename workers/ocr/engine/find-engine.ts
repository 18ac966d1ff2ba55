import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import type { EngineFactory, EngineModule } from './engine.ts'
import { createTesseract } from './tesseract.ts'

/**
 * Returns the engine named `tesseract.js`, `native` or `neural`, or the engine of a custom module that exports
 * `createEngine`. `neuralModels` is the folder of the neural engine's models, if they are not the package's.
 */
export async function findEngineFactory(
  name: string,
  neuralModels?: string,
): Promise<EngineFactory> {
  if (name === 'tesseract.js') return createTesseract
  if (name === 'native') return (await import('./native.ts')).createNative
  if (name === 'neural') return (await import('./neural/neural.ts')).createNeural(neuralModels)
  try {
    const module: Partial<EngineModule> = await import(pathToFileURL(resolve(name)).href)
    if (typeof module.createEngine === 'function') return module.createEngine
  } catch (thrown) {
    throw new ScriptoriumError(
      'configuration',
      `SCRIPTORIUM_ENGINE=${name} cannot be loaded: ${toError(thrown).message}`,
      { cause: thrown },
    )
  }
  throw new ScriptoriumError('configuration', `SCRIPTORIUM_ENGINE=${name} exports no createEngine`)
}
