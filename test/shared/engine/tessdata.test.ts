import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import {
  findLanguages,
  hashFile,
  listLanguages,
  needsLegacyModel,
} from '../../../shared/engine/tessdata.ts'
import { makeFolder } from '../../helpers/folder.ts'

const lstm = 1
const legacy = 0

/** The header of a model whose `inttemp`, the legacy engine's shape tables, is at `offset`; -1 = absent. */
function makeModel(offset: bigint): Buffer {
  const header = Buffer.alloc(4 + 24 * 8)
  header.writeInt32LE(24)
  header.writeBigInt64LE(offset, 4 + 3 * 8)
  return header
}

test("TESSDATA_PREFIX is searched first, then its tessdata folder, then the system's", async (t) => {
  const prefix = makeFolder(t)
  mkdirSync(join(prefix, 'tessdata'))
  const below = join(prefix, 'tessdata', 'eng.traineddata')
  writeFileSync(below, 'below')
  const [second] = await findLanguages(['eng'], lstm, prefix)
  assert.deepEqual(second, { language: 'eng', file: below, source: 'system' })

  const own = join(prefix, 'eng.traineddata')
  writeFileSync(own, 'own')
  const [first] = await findLanguages(['eng'], lstm, prefix)
  assert.equal(first?.file, own)

  const [elsewhere] = await findLanguages(['eng'], lstm, makeFolder(t))
  assert.ok(elsewhere !== undefined && !elsewhere.file.startsWith(prefix))
})

test('several languages are found in their folders, in the requested order', async (t) => {
  const prefix = makeFolder(t)
  writeFileSync(join(prefix, 'xyz.traineddata'), 'a model')
  const found = await findLanguages(['xyz', 'eng'], lstm, prefix)
  assert.deepEqual(
    found.map(({ language }) => language),
    ['xyz', 'eng'],
  )
})

test('the npm package is used where no folder has the model', async (t) => {
  const prefix = makeFolder(t)
  writeFileSync(join(prefix, 'eng.traineddata'), makeModel(-1n))
  const [found] = await findLanguages(['eng'], legacy, prefix)
  assert.equal(found?.source, 'npm')
  assert.ok(found.file.includes(join('@tesseract.js-data', 'eng') + sep))
})

test('a model with legacy tables is distinguished from one without', async (t) => {
  const prefix = makeFolder(t)
  const file = join(prefix, 'abc.traineddata')
  writeFileSync(file, makeModel(4_096n))
  const [found] = await findLanguages(['abc'], legacy, prefix)
  assert.equal(found?.file, file)

  for (const bytes of [makeModel(-1n), Buffer.alloc(3), Buffer.alloc(0)]) {
    writeFileSync(file, bytes)
    await assert.rejects(findLanguages(['abc'], legacy, prefix), {
      code: 'unknown_language',
      message: /a legacy model of abc \(oem 0\)/,
    })
    assert.equal((await findLanguages(['abc'], lstm, prefix)).length, 1)
  }
  assert.deepEqual([0, 1, 2, 3].filter(needsLegacyModel), [0, 2])
})

test('an unknown language is rejected, with the installed languages and the cure', async (t) => {
  const prefix = makeFolder(t)
  writeFileSync(join(prefix, 'xyz.traineddata'), 'a model')
  await assert.rejects(findLanguages(['eng', 'chi_tra'], lstm, prefix), (error: Error) => {
    assert.ok('code' in error && error.code === 'unknown_language')
    assert.match(error.message, /no data for language chi_tra; installed: .*\beng\b.*\bxyz\b/)
    assert.match(error.message, /npx scriptorium languages add chi_tra/)
    return true
  })
})

test('installed languages are listed once, sorted, without orientation data', (t) => {
  const prefix = makeFolder(t)
  for (const name of ['zzz', 'eng', 'osd']) writeFileSync(join(prefix, `${name}.traineddata`), '')
  writeFileSync(join(prefix, 'README'), '')
  const languages = listLanguages(prefix)
  assert.deepEqual(languages, [...new Set(languages)].toSorted())
  assert.ok(languages.includes('eng') && languages.includes('zzz'))
  assert.ok(!languages.includes('osd') && !languages.includes('README'))
})

test("a model's hash is the hash of its bytes", async (t) => {
  const file = join(makeFolder(t), 'xyz.traineddata')
  writeFileSync(file, 'a model')
  assert.equal(await hashFile(file), createHash('sha256').update('a model').digest('hex'))
})

test('a script is found in its folder, or beside the languages as in Debian', async (t) => {
  const prefix = makeFolder(t)
  const flat = join(prefix, 'Runes.traineddata')
  writeFileSync(flat, 'flat')
  const fileOf = async (language: string) =>
    (await findLanguages([language], lstm, prefix))[0]?.file
  assert.equal(await fileOf('script/Runes'), flat)
  assert.equal(await fileOf('Runes'), flat)
  mkdirSync(join(prefix, 'script'))
  const below = join(prefix, 'script', 'Runes.traineddata')
  writeFileSync(below, 'below')
  assert.equal(await fileOf('script/Runes'), below)
  assert.ok(listLanguages(prefix).includes('script/Runes'))
  assert.ok(!listLanguages(prefix).includes('Runes'))
})

test('a language never resolves to a script, nor to a model without recognition', async (t) => {
  const prefix = makeFolder(t)
  for (const name of ['xyz', 'osd', 'equ']) {
    writeFileSync(join(prefix, `${name}.traineddata`), 'a model')
  }
  for (const name of ['script/xyz', 'osd', 'equ']) {
    await assert.rejects(findLanguages([name], lstm, prefix), { code: 'unknown_language' })
  }
})
