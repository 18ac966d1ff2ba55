import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import type { PreparedPage, Recognition } from '../../../../workers/ocr/engine/engine.ts'
import { findTurn } from '../../../../workers/ocr/read/rotation.ts'
import { upright } from '../../../../workers/ocr/prepare/turn.ts'
import { paperOf, writtenPage, surveyOf } from '../prepare/drawn.ts'
import { blockOf, lineAt } from '../judge/readings.ts'

const survey = surveyOf(writtenPage(900, 1200, 22))

const recognition = (words: string, confidence: number): Recognition => ({
  text: words,
  confidence,
  blocks: words === '' ? [] : [blockOf(lineAt(0, words, confidence))],
})
const sentence = 'there is a good deal to be read here'

type Way = 0 | 90 | 180 | 270 | 'mirrored' | 'flipped'

/** The detected turn if the trial readings, in their order, give these results. */
async function turnBy(given: Partial<Record<Way, Recognition>>) {
  const order = [0, 180, 90, 270, 'mirrored', 'flipped'] as const
  const pages: PreparedPage[] = []
  const found = await findTurn(survey, 'a.png#1', defaultRecipe, async (page) => {
    const way = order[pages.push(page) - 1]
    return (way !== undefined && given[way]) || recognition('x l', 5)
  })
  return { ...found, pages }
}

test('the rotation that reads clearly best is found', async () => {
  for (const rotation of [90, 180, 270] as const) {
    const found = await turnBy({ [rotation]: recognition(sentence, 92) })
    assert.equal(found.rotation, rotation)
    assert.equal(found.isMirrored, false)
  }
})

test('a page that is credible in no rotation is tried mirrored', async () => {
  const mirrored = await turnBy({ mirrored: recognition(sentence, 92) })
  assert.deepEqual([mirrored.isMirrored, mirrored.rotation], [true, 0])
  const flipped = await turnBy({ flipped: recognition(sentence, 92) })
  assert.deepEqual([flipped.isMirrored, flipped.rotation], [true, 180])
  const doubtful = await turnBy({
    0: recognition(sentence, 60),
    mirrored: recognition(sentence, 92),
  })
  assert.equal(doubtful.isMirrored, false)
  assert.equal(doubtful.pages.length, 4, 'an upright page that is hard to read is not mirrored')
})

test('a few words that are certain in one rotation decide', async () => {
  const few = recognition('Closed on Sunday', 95)
  assert.equal((await turnBy({ 270: few })).rotation, 270)
  assert.equal((await turnBy({ 0: recognition('pasold uo', 70), 180: few })).rotation, 180)
  assert.equal((await turnBy({ 0: few, 180: few })).rotation, 0)
  assert.equal((await turnBy({ 270: recognition('Closed on Sunday', 60) })).rotation, 0)
})

test('a page keeps its rotation unless another one is clearly better', async () => {
  const upright = recognition(sentence, 80)
  assert.equal((await turnBy({ 0: upright })).rotation, 0)
  assert.equal((await turnBy({ 0: upright, 180: recognition(sentence, 84) })).rotation, 0)
  assert.equal((await turnBy({})).rotation, 0)
  const word = recognition('scrap', 90)
  assert.equal((await turnBy({ 0: recognition('', 0), 90: word })).rotation, 0)
})

test('a rotation that reads well ends the search', async () => {
  const { rotation, pages } = await turnBy({ 180: recognition(sentence, 95) })
  assert.equal(rotation, 180)
  assert.equal(pages.length, 2)
})

test('a part of about ten lines is probed in four rotations and two reflections at a small size', async () => {
  const { pages } = await turnBy({})
  assert.equal(pages.length, 6)
  const [first, second, third] = pages
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  assert.deepEqual([first.width, first.height], [second.width, second.height])
  assert.deepEqual([first.width, first.height], [third.height, third.width])
  assert.ok(first.width * first.height < 0.3 * 900 * 1200, `${first.width} x ${first.height}`)
  assert.equal(new Set(pages.map(({ pgm }) => pgm.toString('latin1'))).size, 6)
  assert.ok(pages.every(({ wishes, label }) => wishes.psm === 6 && label === 'a.png#1'))
})

test('a page without text is not probed', async () => {
  const blank = surveyOf(paperOf(300, 200))
  const read = () => assert.fail('the engine was called')
  assert.deepEqual(await findTurn(blank, 'a.png#1', defaultRecipe, read), upright)
})

test('a failed probe is reported', async () => {
  const read = () => Promise.reject(new Error('the engine is gone'))
  await assert.rejects(findTurn(survey, 'a.png#1', defaultRecipe, read), /gone/)
})
