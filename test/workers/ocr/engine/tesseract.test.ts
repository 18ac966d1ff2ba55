import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import type { Recognition } from '../../../../workers/ocr/engine/engine.ts'
import { findEngineFactory } from '../../../../workers/ocr/engine/find-engine.ts'
import { createTesseract } from '../../../../workers/ocr/engine/tesseract.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { prepareSample } from '../../../helpers/pages/prepared.ts'
import { wordF1 } from '../../../helpers/pages/word-f1.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const truth = (sample: string) =>
  readFileSync(join(repository, 'test/fixtures/truth', `${sample}.txt`), 'utf8')
const wordsOf = ({ blocks }: Recognition) =>
  blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ lines }) => lines.flatMap(({ words }) => words)),
  )

const engine = await createTesseract(defaultRecipe, undefined)
after(() => engine.close())

test('a sample is read almost without errors', async () => {
  const { text, confidence } = await engine.recognise(await prepareSample('seeds.png'), 60_000)
  const f1 = wordF1(text, truth('seeds.png'))
  assert.ok(f1 > 0.9, `word F1 ${f1}`)
  assert.ok(confidence > 60 && confidence <= 100)
})

test('every word is inside its page and has a confidence in percent', async () => {
  const page = await prepareSample('seeds.png')
  const words = wordsOf(await engine.recognise(page, 60_000))
  assert.ok(words.length > 20)
  for (const { text, confidence, bbox } of words) {
    const { x0, y0, x1, y1 } = bbox
    assert.ok(x0 >= 0 && y0 >= 0 && x1 <= page.width && y1 <= page.height, text)
    assert.ok(x0 < x1 && y0 < y1, text)
    assert.ok(confidence >= 0 && confidence <= 100, text)
  }
})

test('the result of a page does not depend on the pages before it', async () => {
  const [a, b] = [await prepareSample('seeds.png'), await prepareSample('recipe.jpg')]
  const first = await engine.recognise(a, 60_000)
  await engine.recognise(b, 60_000)
  assert.deepEqual(await engine.recognise(a, 60_000), first)
})

test('a page without text has an empty result with confidence 0', async () => {
  const pgm = Buffer.concat([Buffer.from('P5\n200 200\n255\n'), Buffer.alloc(40_000, 255)])
  const wishes = { psm: 3, dpi: 0, thresholding: 'otsu', findsTables: true, variables: {} } as const
  const page = { pgm, width: 200, height: 200, label: 'blank', wishes }
  assert.deepEqual(await engine.recognise(page, 60_000), { text: '', confidence: 0, blocks: [] })
})

test('a timed-out page rejects, its engine can be closed, and a new one works', async () => {
  const late = await createTesseract(defaultRecipe, undefined)
  const page = await prepareSample('seeds.png')
  await assert.rejects(late.recognise(page, 5), { code: 'page_timeout', message: /--timeout/ })
  await late.close()
  const { text } = await engine.recognise(page, 60_000)
  assert.notEqual(text, '')
})

test('a missing language rejects immediately', async () => {
  const recipe = { ...defaultRecipe, languages: ['never_installed'] }
  await assert.rejects(createTesseract(recipe, undefined), { code: 'unknown_language' })
})

test('an engine is found by its name, or by the path of a module', async (t) => {
  assert.equal(await findEngineFactory('tesseract.js'), createTesseract)
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'good.mjs'), 'export const createEngine = async () => "mine"')
  writeFileSync(join(folder, 'bad.mjs'), 'export const nothing = 1')
  const factory = await findEngineFactory(join(folder, 'good.mjs'))
  assert.equal(await factory(defaultRecipe, undefined), 'mine')
  for (const name of ['bad.mjs', 'missing.mjs']) {
    await assert.rejects(findEngineFactory(join(folder, name)), { code: 'configuration' })
  }
})
