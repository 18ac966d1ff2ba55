import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { defaultRecipe } from '../../../../../shared/contract/recipe.ts'
import type { PreparedPage, Recognition } from '../../../../../workers/ocr/engine/engine.ts'
import { findEngineFactory } from '../../../../../workers/ocr/engine/find-engine.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { prepareSample } from '../../../../helpers/pages/prepared.ts'
import { wordF1 } from '../../../../helpers/pages/word-f1.ts'
import { repository } from '../../../../helpers/processes/processes.ts'

const truth = (sample: string) =>
  readFileSync(join(repository, 'test/fixtures/truth', `${sample}.txt`), 'utf8')
const linesOf = ({ blocks }: Recognition) =>
  blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines))

const createNeural = await findEngineFactory('neural')
const engine = await createNeural(defaultRecipe, undefined)
after(() => engine.close())

for (const sample of ['seeds.png', 'ledger/till.jpg', 'ledger/invoice.png']) {
  test(`${sample} is read almost without errors`, async () => {
    const { text, confidence } = await engine.recognise(await prepareSample(sample), 60_000)
    const f1 = wordF1(text, truth(sample))
    assert.ok(f1 > 0.9, `word F1 ${f1}`)
    assert.ok(confidence > 80 && confidence <= 100, `confidence ${confidence}`)
  })
}

test('words are inside their page, and their letters stand on the baseline of their line', async () => {
  const page = await prepareSample('seeds.png')
  const lines = linesOf(await engine.recognise(page, 60_000))
  assert.ok(lines.length > 5)
  for (const { words, baseline, size } of lines) {
    for (const { text, confidence, bbox } of words) {
      const { x0, y0, x1, y1 } = bbox
      assert.ok(x0 >= 0 && y0 >= 0 && x1 <= page.width && y1 <= page.height, text)
      assert.ok(x0 < x1 && y0 < y1, text)
      assert.ok(confidence >= 0 && confidence <= 100, text)
      if (!/^[a-fhik-or-x]+$/i.test(text)) continue
      const foot = (baseline.y0 + baseline.y1) / 2
      assert.ok(Math.abs(foot - y1) < 0.25 * size, `${text} ends at ${y1}, baseline ${foot}`)
    }
  }
})

test('only the wished lines are read', async () => {
  const page = await prepareSample('seeds.png')
  const [, line] = linesOf(await engine.recognise(page, 60_000))
  assert.ok(line !== undefined)
  const { x0, y0, x1, y1 } = line.bbox
  const lines = [{ x0: x0 - 5, y0: y0 - 3, x1: x1 + 5, y1: y1 + 3 }]
  const wishes = { ...page.wishes, lines }
  const { text } = await engine.recognise({ ...page, wishes }, 60_000)
  assert.equal(text, line.text)
})

test('the result of a page does not depend on the pages before it', async () => {
  const [a, b] = [await prepareSample('seeds.png'), await prepareSample('recipe.jpg')]
  const first = await engine.recognise(a, 60_000)
  await engine.recognise(b, 60_000)
  assert.deepEqual(await engine.recognise(a, 60_000), first)
})

const blank: PreparedPage = {
  pgm: Buffer.concat([Buffer.from('P5\n200 200\n255\n'), Buffer.alloc(40_000, 255)]),
  width: 200,
  height: 200,
  label: 'blank',
  wishes: { psm: 3, dpi: 0, thresholding: 'otsu', findsTables: true, variables: {} },
}

test('a page without text has an empty result with confidence 0', async () => {
  assert.deepEqual(await engine.recognise(blank, 60_000), { text: '', confidence: 0, blocks: [] })
})

test('a timed-out page rejects, its engine can be closed, and a new one works', async () => {
  const late = await createNeural(defaultRecipe, undefined)
  await assert.rejects(late.recognise(await prepareSample('seeds.png'), 5), {
    code: 'page_timeout',
    message: /--timeout/,
  })
  await late.close()
  await assert.rejects(late.recognise(blank, 60_000), { code: 'engine_crash' })
  const next = await createNeural(defaultRecipe, undefined)
  assert.equal((await next.recognise(blank, 60_000)).text, '')
  await next.close()
})

test('an engine is killed in the middle of a page, and its worker lives on', async () => {
  for (const deadlineMs of [150, 300, 600]) {
    const busy = await createNeural(defaultRecipe, undefined)
    const reading = busy.recognise(await prepareSample('seeds.png'), deadlineMs)
    await assert.rejects(reading, { code: 'page_timeout' })
    const began = performance.now()
    await busy.close()
    assert.ok(performance.now() - began < 10_000)
  }
})

test('languages without a model, and a folder without models, are refused by name', async (t) => {
  await assert.rejects(createNeural({ ...defaultRecipe, languages: ['deu'] }, undefined), {
    code: 'unknown_language',
    message: /no model for deu/,
  })
  const own = await findEngineFactory('neural', makeFolder(t))
  await assert.rejects(own(defaultRecipe, undefined), {
    code: 'configuration',
    message: /det\.onnx is missing/,
  })
})
