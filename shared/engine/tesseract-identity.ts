import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relaxedSimd, simd } from 'wasm-feature-detect'
import type { EngineIdentity } from '../contract/engine.ts'
import type { Recipe } from '../contract/recipe.ts'
import { nativeVersion } from './native-tesseract.ts'
import { findLanguages, hashFile, needsLegacyModel } from './tessdata.ts'

/** Identifies an engine as it would read a recipe on this machine, without loading it. */
export type Identify = (
  recipe: Recipe,
  tessdataPrefix: string | undefined,
) => Promise<EngineIdentity>

export const identifyTesseractJs: Identify = async (recipe, tessdataPrefix) => ({
  name: 'tesseract.js',
  version: installedVersion(),
  core: await coreVariant(recipe.oem),
  traineddata: await hashModels(recipe, tessdataPrefix),
})

/** Rejects with `configuration` where no `tesseract` is installed. */
export const identifyNative: Identify = async (recipe, tessdataPrefix) => ({
  name: 'native',
  version: await nativeVersion(),
  core: 'native',
  traineddata: await hashModels(recipe, tessdataPrefix),
})

async function hashModels(
  { languages, oem }: Recipe,
  tessdataPrefix: string | undefined,
): Promise<EngineIdentity['traineddata']> {
  const models = await findLanguages(languages, oem, tessdataPrefix)
  return Promise.all(
    models.map(async ({ language, file }) => ({ language, sha256: await hashFile(file) })),
  )
}

function installedVersion(): string {
  const file = createRequire(import.meta.url).resolve('tesseract.js/package.json')
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}

/** The same choice as in tesseract.js (src/worker-script/node/getCore.js). */
async function coreVariant(oem: number): Promise<string> {
  const arithmetic = (await relaxedSimd()) ? 'relaxedsimd' : (await simd()) ? 'simd' : 'scalar'
  return needsLegacyModel(oem) ? arithmetic : `${arithmetic}-lstm`
}
