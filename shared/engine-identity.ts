import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { relaxedSimd, simd } from 'wasm-feature-detect'
import type { EngineIdentity } from './contract.ts'
import { nativeVersion } from './native-tesseract.ts'
import type { Recipe } from './recipe.ts'
import { findLanguages, hashFile, needsLegacyModel } from './tessdata.ts'

/**
 * Tells which engine this machine would read a recipe with, without loading it: the aggregator needs it for the
 * fingerprint before any worker is there, and a worker checks a job's fingerprint against its own.
 */
export function createEngineIdentities(engine: string, tessdataPrefix: string | undefined) {
  const known = new Map<string, Promise<EngineIdentity>>()
  return (recipe: Recipe): Promise<EngineIdentity> => {
    const key = `${recipe.languages.join('+')} ${recipe.oem}`
    const identity = known.get(key) ?? identify(engine, tessdataPrefix, recipe)
    known.set(key, identity)
    identity.catch(() => known.delete(key)) // A language installed meanwhile is found the next time.
    return identity
  }
}

export type EngineIdentities = ReturnType<typeof createEngineIdentities>

async function identify(
  engine: string,
  tessdataPrefix: string | undefined,
  { languages, oem }: Recipe,
): Promise<EngineIdentity> {
  const isNative = engine === 'native'
  if (!isNative && engine !== 'tesseract.js') {
    return { name: basename(engine), version: '0', core: 'module', traineddata: [] }
  }
  const files = await findLanguages(languages, oem, tessdataPrefix)
  const traineddata = files.map(async ({ language, file }) => ({
    language,
    sha256: await hashFile(file),
  }))
  return {
    name: engine,
    version: isNative ? await nativeVersion() : installedVersion(),
    core: isNative ? 'native' : await coreVariant(oem),
    traineddata: await Promise.all(traineddata),
  }
}

function installedVersion(): string {
  const file = createRequire(import.meta.url).resolve('tesseract.js/package.json')
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}

/** The same choice as tesseract.js makes (src/worker-script/node/getCore.js). */
async function coreVariant(oem: number): Promise<string> {
  const arithmetic = (await relaxedSimd()) ? 'relaxedsimd' : (await simd()) ? 'simd' : 'scalar'
  return needsLegacyModel(oem) ? arithmetic : `${arithmetic}-lstm`
}
