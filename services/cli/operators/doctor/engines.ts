import { existsSync } from 'node:fs'
import { readsBeside } from '../../../../shared/engine/engine-identity.ts'
import { nativeVersion } from '../../../../shared/engine/native-tesseract.ts'
import { identifyNeural } from '../../../../shared/engine/neural-models.ts'
import { toError } from '../../../../shared/process/errors.ts'
import { ok, warning, wrong, type Check } from './check.ts'

type Environment = Readonly<Record<string, string | undefined>>

const engineOf = (environment: Environment): string =>
  environment['SCRIPTORIUM_ENGINE'] || 'tesseract.js'

export async function checkEngine(environment: Environment): Promise<Check> {
  const engine = engineOf(environment)
  if (engine !== 'tesseract.js' && engine !== 'native' && engine !== 'neural')
    return existsSync(engine)
      ? ok('engine', engine)
      : wrong('engine', `${engine} does not exist`, 'correct SCRIPTORIUM_ENGINE, or unset it')
  try {
    return ok('engine', await describe(engine, environment))
  } catch (thrown) {
    return wrong('engine', toError(thrown).message, 'install it, or unset SCRIPTORIUM_ENGINE')
  }
}

/** A second engine that is not installed reads nothing: results are the first one's, and nothing fails. */
export async function checkSecondEngine(environment: Environment): Promise<Check> {
  const name = 'second engine'
  const second = environment['SCRIPTORIUM_SECOND_ENGINE'] || 'neural'
  if (!readsBeside(second, engineOf(environment))) return ok(name, 'off')
  try {
    return ok(name, await describe(second, environment))
  } catch (thrown) {
    return warning(name, toError(thrown).message, 'install it, or SCRIPTORIUM_SECOND_ENGINE=off')
  }
}

/** Throws where the engine is not installed or has no model. */
async function describe(engine: string, environment: Environment): Promise<string> {
  if (engine === 'native') return `native, tesseract ${await nativeVersion()}`
  if (engine !== 'neural') return engine
  const languages = (environment['SCRIPTORIUM_LANGUAGES'] || 'eng').split('+')
  const folder = environment['SCRIPTORIUM_NEURAL_MODELS'] || undefined
  const { version } = await identifyNeural({ languages }, folder)
  return `neural, onnxruntime-node ${version}`
}
