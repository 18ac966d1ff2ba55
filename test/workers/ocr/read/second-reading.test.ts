import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { PreparedPage, Recognition } from '../../../../workers/ocr/engine/engine.ts'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { readPage } from '../../../../workers/ocr/read/page-reader.ts'
import { writtenPage } from '../prepare/drawn.ts'
import { covering, deskOf, recipeOf, written, type Answer } from './read-with.ts'

/** A page of more letters than a receipt or a form has, and one of as few. */
const [full, short] = [writtenPage(2000, 2600, 24), written]

interface Setting {
  preset?: 'fast' | 'balanced'
  grey?: Grey
  psm?: number
}

/** Reads the page with a first engine and a second one, which answer always the same. */
async function readWithTwo(
  first: Answer,
  second: Answer,
  { preset = 'balanced', grey = full, psm = 3 }: Setting = {},
) {
  const calls: PreparedPage[] = []
  const recipe = { ...recipeOf(preset), psm }
  const ask = async (page: PreparedPage): Promise<Recognition> => {
    calls.push(page)
    return second(page)
  }
  const desk = await deskOf(grey)
  return { page: await readPage(desk, 'a', recipe, async (page) => first(page), ask), calls }
}

const unsure = covering(['the first lime', 60], ['of the papr', 60])
const better = covering(['the first line', 99], ['of the paper', 99])

test('a second engine reads what the first one is not sure of', async () => {
  const { page, calls } = await readWithTwo(unsure, better)
  assert.equal(page.text, 'the first line\nof the paper')
  assert.equal(calls.length, 1)
  assert.deepEqual(
    page.readings.map(({ name }) => name),
    ['whole', 'second'],
  )
})

test('a second engine is not asked about a page that is read well, nor by the preset fast', async () => {
  const sure = covering(['every word of this line', 99], ['and this line is certain', 99])
  assert.equal((await readWithTwo(sure, better)).calls.length, 0)
  assert.equal((await readWithTwo(unsure, better, { preset: 'fast' })).calls.length, 0)
})

test('a second engine reads only the lines of which the first one is not sure', async () => {
  const most = covering(
    ['every word of this long line', 99],
    ['and this line is certain too', 99],
    ['the thrd lime', 60],
  )
  const { calls } = await readWithTwo(most, better)
  const [{ wishes, height } = assert.fail('it was not asked')] = calls
  assert.equal(wishes.lines?.length, 1)
  assert.ok(wishes.lines?.every(({ y0 }) => y0 >= (2 / 3) * height - 2))
})

test('a second engine is not asked about a page on which the first one finds no words: it would invent some', async () => {
  const { page, calls } = await readWithTwo(covering(['~ .', 2]), better)
  assert.deepEqual([page.text, calls.length], ['', 0])
})

test('a second engine that fails costs no text: the page has the first reading and a warning', async () => {
  const failing: Answer = () => Promise.reject(new ScriptoriumError('engine_crash', 'it died'))
  const { page } = await readWithTwo(unsure, failing)
  assert.match(page.text, /the first lime/)
  assert.deepEqual(
    page.warnings?.map(({ code }) => code),
    ['reading_given_up', 'low_confidence'],
  )
})

test('the second engine begins with a page of few letters, and reads it alone where it is sure', async () => {
  const first: Answer = () => assert.fail('the first engine was asked')
  for (const preset of ['fast', 'balanced'] as const) {
    const { page } = await readWithTwo(first, better, { preset, grey: short })
    assert.equal(page.text, 'the first line\nof the paper')
    assert.deepEqual(
      page.readings.map(({ name }) => name),
      ['second'],
    )
  }
})

test('the first engine reads a page of few letters, too, of which the second is not sure', async () => {
  const { page, calls } = await readWithTwo(better, unsure, { grey: short })
  assert.equal(page.text, 'the first line\nof the paper')
  assert.equal(calls.length, 1)
  assert.deepEqual(
    page.readings.map(({ name }) => name),
    ['second', 'whole'],
  )
})

test("a recipe with a page layout of its own is the first engine's", async () => {
  const { page } = await readWithTwo(better, unsure, { grey: short, psm: 6 })
  assert.equal(page.readings[0]?.name, 'whole')
})

test("a second engine's reading that is no text changes nothing, but is reported", async () => {
  const scraps = covering(['l0 O1 xI 0l q0 1I lq O0 zl', 3], ['of the paper', 99])
  const { page } = await readWithTwo(unsure, scraps)
  assert.equal(page.text, 'the first lime\nof the papr')
  assert.ok(page.readings.some(({ name }) => name === 'second'))
})
