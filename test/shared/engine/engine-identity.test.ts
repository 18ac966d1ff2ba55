import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createEngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { nativeVersion } from '../../../shared/engine/native-tesseract.ts'
import { defaultRecipe, fingerprintOf } from '../../../shared/contract/recipe.ts'
import { hashFile } from '../../../shared/engine/tessdata.ts'
import { makeFolder } from '../../helpers/folder.ts'

test("an engine's identity has its name, version, core and the hash of each model", async (t) => {
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

test('another model with the same name gives another identity', async (t) => {
  const recipe = { ...defaultRecipe, languages: ['xyz'] }
  const print = async (model: string): Promise<string> => {
    const prefix = makeFolder(t)
    writeFileSync(join(prefix, 'xyz.traineddata'), model)
    return fingerprintOf(recipe, await createEngineIdentities('tesseract.js', prefix)(recipe))
  }
  assert.equal(await print('a model'), await print('a model'))
  assert.notEqual(await print('a model'), await print('another'))
})

test('the legacy engine uses its own core', async () => {
  const identify = createEngineIdentities('tesseract.js', undefined)
  const { core } = await identify({ ...defaultRecipe, oem: 0 })
  assert.match(core, /^(relaxedsimd|simd|scalar)$/)
})

test('a language installed after a failed lookup is found', async (t) => {
  const prefix = makeFolder(t)
  const identify = createEngineIdentities('tesseract.js', prefix)
  const recipe = { ...defaultRecipe, languages: ['xyz'] }
  await assert.rejects(identify(recipe), { code: 'unknown_language' })
  writeFileSync(join(prefix, 'xyz.traineddata'), 'a model')
  assert.equal((await identify(recipe)).traineddata[0]?.language, 'xyz')
})

test('an engine module has no models', async () => {
  const identify = createEngineIdentities('/somewhere/my-engine.ts', undefined)
  assert.deepEqual(await identify({ ...defaultRecipe, languages: ['never_installed'] }), {
    name: 'my-engine.ts',
    version: '0',
    core: 'module',
    traineddata: [],
  })
})

test('the native tesseract is another engine, with its version', async (t) => {
  const version = await nativeVersion().catch(() => undefined)
  if (version === undefined) return t.skip('no tesseract is installed')
  const native = await createEngineIdentities('native', undefined)(defaultRecipe)
  assert.deepEqual([native.name, native.version, native.core], ['native', version, 'native'])
  const wasm = await createEngineIdentities('tesseract.js', undefined)(defaultRecipe)
  assert.deepEqual(native.traineddata, wasm.traineddata)
  assert.notEqual(fingerprintOf(defaultRecipe, native), fingerprintOf(defaultRecipe, wasm))
})

test('a model replaced while the process runs is detected', async (t) => {
  const prefix = makeFolder(t)
  const file = join(prefix, 'xyz.traineddata')
  const recipe = { ...defaultRecipe, languages: ['xyz'] }
  writeFileSync(file, 'a damaged model')
  const identify = createEngineIdentities('tesseract.js', prefix, { recheckMs: 0 })
  const damaged = fingerprintOf(recipe, await identify(recipe))
  assert.equal(fingerprintOf(recipe, await identify(recipe)), damaged)
  writeFileSync(file, 'the mended model')
  assert.notEqual(fingerprintOf(recipe, await identify(recipe)), damaged)
})

test('an engine module supplies its own identity, by default its file name', async (t) => {
  const folder = makeFolder(t)
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const identity = { name: 'mine', version: '2.1', core: 'cpu', traineddata: [] }
  const named = write(
    'named.mjs',
    `export const identity = async () => (${JSON.stringify(identity)})`,
  )
  const plain = write('plain.mjs', 'export const createEngine = 1')
  const broken = write('broken.mjs', 'export const identity = async () => ({ name: 1 })')
  const identify = (module: string) => createEngineIdentities(module, undefined)(defaultRecipe)
  assert.deepEqual(await identify(named), identity)
  const byName = { name: 'plain.mjs', version: '0', core: 'module', traineddata: [] }
  assert.deepEqual(await identify(plain), byName)
  assert.deepEqual(await identify(join(folder, 'elsewhere', 'plain.mjs')), byName)
  await assert.rejects(identify(broken), { code: 'configuration', message: /exports an identity/ })
})

test('the neural engine has the hash of each of its models, and reads no language without one', async () => {
  const identify = createEngineIdentities('neural', undefined)
  const { name, traineddata } = await identify(defaultRecipe)
  assert.equal(name, 'neural')
  assert.deepEqual(
    traineddata.map(({ language }) => language),
    ['detector', 'eng'],
  )
  const chinese = await identify({ ...defaultRecipe, languages: ['chi_sim', 'eng'] })
  assert.equal(chinese.traineddata[0]?.sha256, traineddata[0]?.sha256)
  assert.notEqual(chinese.traineddata[1]?.sha256, traineddata[1]?.sha256)
  await assert.rejects(identify({ ...defaultRecipe, languages: ['deu'] }), {
    code: 'unknown_language',
  })
})

test('a second engine belongs to the identity where it is installed and has a model', async (t) => {
  const alone = await createEngineIdentities('tesseract.js', undefined)(defaultRecipe)
  const both = createEngineIdentities('tesseract.js', undefined, { second: 'neural' })
  const { name, traineddata } = await both(defaultRecipe)
  assert.equal(name, 'tesseract.js+neural')
  assert.deepEqual(
    traineddata.map(({ language }) => language),
    ['eng', 'detector', 'eng'],
  )
  assert.notEqual(
    fingerprintOf(defaultRecipe, await both(defaultRecipe)),
    fingerprintOf(defaultRecipe, alone),
  )
  const missing = { second: 'neural', neuralModels: makeFolder(t) }
  const without = createEngineIdentities('tesseract.js', undefined, missing)
  assert.deepEqual(await without(defaultRecipe), alone)
})
