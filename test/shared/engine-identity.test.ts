import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createEngineIdentities } from '../../shared/engine-identity.ts'
import { nativeVersion } from '../../shared/native-tesseract.ts'
import { defaultRecipe, fingerprintOf } from '../../shared/recipe.ts'
import { hashFile } from '../../shared/tessdata.ts'
import { makeFolder } from '../helpers/folder.ts'

test('the engine is named with its version, its core and the hash of each model', async (t) => {
  const prefix = makeFolder(t)
  const file = join(prefix, 'xyz.traineddata')
  writeFileSync(file, 'a model')
  const identify = createEngineIdentities('tesseract.js', prefix)
  const identity = await identify({ ...defaultRecipe, languages: ['xyz', 'eng'] })
  assert.equal(identity.name, 'tesseract.js')
  assert.match(identity.version, /^\d+\.\d+\.\d+/)
  assert.match(identity.core, /^(relaxedsimd|simd|scalar)-lstm$/)
  assert.deepEqual(
    identity.traineddata.map(({ language }) => language),
    ['xyz', 'eng'],
  )
  assert.equal(identity.traineddata[0]?.sha256, await hashFile(file))
})

test('another model under the same name is another engine', async (t) => {
  const recipe = { ...defaultRecipe, languages: ['xyz'] }
  const print = async (model: string): Promise<string> => {
    const prefix = makeFolder(t)
    writeFileSync(join(prefix, 'xyz.traineddata'), model)
    return fingerprintOf(recipe, await createEngineIdentities('tesseract.js', prefix)(recipe))
  }
  assert.equal(await print('a model'), await print('a model'))
  assert.notEqual(await print('a model'), await print('another'))
})

test('the legacy engine runs on a core of its own', async () => {
  const identify = createEngineIdentities('tesseract.js', undefined)
  const { core } = await identify({ ...defaultRecipe, oem: 0 })
  assert.match(core, /^(relaxedsimd|simd|scalar)$/)
})

test('a language that is installed after it was missed is found', async (t) => {
  const prefix = makeFolder(t)
  const identify = createEngineIdentities('tesseract.js', prefix)
  const recipe = { ...defaultRecipe, languages: ['xyz'] }
  await assert.rejects(identify(recipe), { code: 'unknown_language' })
  writeFileSync(join(prefix, 'xyz.traineddata'), 'a model')
  assert.equal((await identify(recipe)).traineddata[0]?.language, 'xyz')
})

test('a module of one’s own is an engine without models', async () => {
  const identify = createEngineIdentities('/somewhere/my-engine.ts', undefined)
  assert.deepEqual(await identify({ ...defaultRecipe, languages: ['never_installed'] }), {
    name: 'my-engine.ts',
    version: '0',
    core: 'module',
    traineddata: [],
  })
})

test('the machine’s own tesseract is another engine, with its version', async (t) => {
  const version = await nativeVersion().catch(() => undefined)
  if (version === undefined) return t.skip('no tesseract is installed')
  const native = await createEngineIdentities('native', undefined)(defaultRecipe)
  assert.deepEqual([native.name, native.version, native.core], ['native', version, 'native'])
  const wasm = await createEngineIdentities('tesseract.js', undefined)(defaultRecipe)
  assert.deepEqual(native.traineddata, wasm.traineddata)
  assert.notEqual(fingerprintOf(defaultRecipe, native), fingerprintOf(defaultRecipe, wasm))
})
