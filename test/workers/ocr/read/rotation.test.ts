import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import type { PreparedPage, Recognition } from '../../../../workers/ocr/engine/engine.ts'
import { findRotation } from '../../../../workers/ocr/read/rotation.ts'
import { paperOf, writtenPage, surveyOf } from '../prepare/drawn.ts'
import { blockOf, lineAt } from '../judge/readings.ts'

const survey = surveyOf(writtenPage(900, 1200, 22))

const recognition = (words: string, confidence: number): Recognition => ({
  text: words,
  confidence,
  blocks: words === '' ? [] : [blockOf(lineAt(0, words, confidence))],
})
const sentence = 'there is a good deal to be read here'

/** The detected rotation if the trial readings, in their order, give these results. */
async function rotationBy(given: Partial<Record<0 | 90 | 180 | 270, Recognition>>) {
  const order = [0, 180, 90, 270] as const
  const pages: PreparedPage[] = []
  const rotation = await findRotation(survey, 'a.png#1', defaultRecipe, async (page) => {
    const turned = order[pages.push(page) - 1] ?? 0
    return given[turned] ?? recognition('x l', 5)
  })
  return { rotation, pages }
}

test('the rotation that reads clearly best is found', async () => {
  for (const rotation of [90, 180, 270] as const) {
    const found = await rotationBy({ [rotation]: recognition(sentence, 92) })
    assert.equal(found.rotation, rotation)
  }
})

test('a page keeps its rotation unless another one is clearly better', async () => {
  const upright = recognition(sentence, 80)
  assert.equal((await rotationBy({ 0: upright })).rotation, 0)
  assert.equal((await rotationBy({ 0: upright, 180: recognition(sentence, 84) })).rotation, 0)
  assert.equal((await rotationBy({})).rotation, 0)
  const word = recognition('scrap', 90)
  assert.equal((await rotationBy({ 0: recognition('', 0), 90: word })).rotation, 0)
})

test('a rotation that reads well ends the search', async () => {
  const { rotation, pages } = await rotationBy({ 180: recognition(sentence, 95) })
  assert.equal(rotation, 180)
  assert.equal(pages.length, 2)
})

test('a part of about ten lines is probed in four rotations at a small size', async () => {
  const { pages } = await rotationBy({})
  assert.equal(pages.length, 4)
  const [first, second, third] = pages
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  assert.deepEqual([first.width, first.height], [second.width, second.height])
  assert.deepEqual([first.width, first.height], [third.height, third.width])
  assert.ok(first.width * first.height < 0.3 * 900 * 1200, `${first.width} x ${first.height}`)
  assert.equal(new Set(pages.map(({ pgm }) => pgm.toString('latin1'))).size, 4)
  assert.ok(pages.every(({ wishes, label }) => wishes.psm === 6 && label === 'a.png#1'))
})

test('a page without text is not probed', async () => {
  const blank = surveyOf(paperOf(300, 200))
  const read = () => assert.fail('the engine was called')
  assert.equal(await findRotation(blank, 'a.png#1', defaultRecipe, read), 0)
})

test('a failed probe is reported', async () => {
  const read = () => Promise.reject(new Error('the engine is gone'))
  await assert.rejects(findRotation(survey, 'a.png#1', defaultRecipe, read), /gone/)
})
