import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Value } from '@sinclair/typebox/value'
import { engineSchema, type EngineIdentity } from '../contract/engine.ts'
import type { Recipe } from '../contract/recipe.ts'
import { statKey } from '../files/stat-key.ts'
import { ScriptoriumError, toError } from '../process/errors.ts'
import { findNeuralFiles, identifyNeural } from './neural-models.ts'
import { findLanguages } from './tessdata.ts'
import { identifyNative, identifyTesseractJs, type Identify } from './tesseract-identity.ts'

/** Interval at which a model that was replaced under a running process is noticed. */
const recheckEveryMs = 2_000

interface Known {
  identity: EngineIdentity
  /** Size and times of the models when they were hashed. */
  models: string
  checkedAt: number
}

interface IdentityOptions {
  recheckMs?: number
  /** Folder of the neural engine's models, if they are not the package's. */
  neuralModels?: string | undefined
}

const isTesseract = (engine: string): boolean => engine === 'native' || engine === 'tesseract.js'

/** Whether a second engine is used: only beside Tesseract, and not beside itself. */
export const readsBeside = (second: string, engine: string): boolean =>
  second !== 'off' && second !== engine && isTesseract(engine)

/**
 * Identifies the engines with which this machine would read a recipe, without loading them. A second engine that is not
 * installed, or has no model for the languages, reads nothing, so it is left out.
 */
export function createEngineIdentities(
  engine: string,
  tessdataPrefix: string | undefined,
  { second = 'off', ...options }: IdentityOptions & { second?: string } = {},
) {
  const first = identitiesOf(engine, tessdataPrefix, options)
  if (!readsBeside(second, engine)) return first
  const other = identitiesOf(second, tessdataPrefix, options)
  return async (recipe: Recipe): Promise<EngineIdentity> => {
    const own = await first(recipe)
    const added = await other(recipe).catch((thrown: unknown) => {
      const { code } = thrown instanceof ScriptoriumError ? thrown : { code: 'internal' }
      if (code === 'configuration' || code === 'unknown_language') return undefined
      throw thrown
    })
    return added === undefined ? own : together(own, added)
  }
}

const together = (first: EngineIdentity, second: EngineIdentity): EngineIdentity => ({
  name: `${first.name}+${second.name}`,
  version: `${first.version}+${second.version}`,
  core: `${first.core}+${second.core}`,
  traineddata: [...first.traineddata, ...second.traineddata],
})

/**
 * Identifies the engine with which this machine would read a recipe, without loading it: the aggregator needs it for
 * the fingerprint before any worker runs, and a worker checks a job's fingerprint against its own.
 */
function identitiesOf(
  engine: string,
  tessdataPrefix: string | undefined,
  { recheckMs = recheckEveryMs, neuralModels }: IdentityOptions = {},
) {
  const known = new Map<string, Known>()
  // A module is loaded now: later, the process may have no file handle left for it.
  let identify: Promise<Identify> | undefined = findIdentity(engine, neuralModels)
  identify.catch(() => undefined) // Thrown where an identity is asked for.
  const load = async (): Promise<Identify> => {
    try {
      return await (identify ??= findIdentity(engine, neuralModels))
    } catch (thrown) {
      identify = undefined // The next recipe tries again.
      throw thrown
    }
  }
  const modelsOf = async ({ languages, oem }: Recipe): Promise<string> => {
    if (engine === 'neural') return statsOf(Object.values(findNeuralFiles(languages, neuralModels)))
    if (!isTesseract(engine)) return ''
    const files = await findLanguages(languages, oem, tessdataPrefix)
    return statsOf(files.map(({ file }) => file))
  }
  return async (recipe: Recipe): Promise<EngineIdentity> => {
    const key = `${recipe.languages.join('+')} ${recipe.oem}`
    const last = known.get(key)
    if (last !== undefined && performance.now() - last.checkedAt < recheckMs) return last.identity
    const models = await modelsOf(recipe)
    const identity =
      last?.models === models ? last.identity : await (await load())(recipe, tessdataPrefix)
    known.set(key, { identity, models, checkedAt: performance.now() })
    return identity
  }
}

export type EngineIdentities = ReturnType<typeof identitiesOf>

const statsOf = (files: readonly (string | undefined)[]): string =>
  files
    .filter((file) => file !== undefined)
    .map((file) => `${file} ${statKey(statSync(file, { bigint: true }))}`)
    .join()

async function findIdentity(engine: string, neuralModels: string | undefined): Promise<Identify> {
  switch (engine) {
    case 'tesseract.js':
      return identifyTesseractJs
    case 'native':
      return identifyNative
    case 'neural':
      return (recipe) => identifyNeural(recipe, neuralModels)
    default:
      return findModuleIdentity(engine)
  }
}

/**
 * The `identity` that a custom engine module exports. One without it, or one that only the workers' machines have, is
 * known by its file name. Throws `configuration` where the module does not load.
 */
async function findModuleIdentity(engine: string): Promise<Identify> {
  const file = resolve(engine)
  const byName = { name: basename(engine), version: '0', core: 'module', traineddata: [] }
  if (!existsSync(file)) return async () => byName
  const { identity }: { identity?: Identify } = await import(pathToFileURL(file).href).catch(
    (thrown: unknown) => {
      throw misconfigured(engine, `cannot be loaded: ${toError(thrown).message}`)
    },
  )
  if (identity === undefined) return async () => byName
  return async (recipe, tessdataPrefix) => {
    const told: unknown = await identity(recipe, tessdataPrefix)
    if (Value.Check(engineSchema, told)) return told
    throw misconfigured(engine, 'exports an identity without name, version, core or traineddata')
  }
}

const misconfigured = (engine: string, fault: string): ScriptoriumError =>
  new ScriptoriumError('configuration', `SCRIPTORIUM_ENGINE=${engine} ${fault}`)
