import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { turn } from '../../../../workers/ocr/prepare/turn.ts'
import { planOf } from '../../../../workers/ocr/read/plan.ts'
import { blockOf, lineAt, textsOf } from '../judge/readings.ts'
import { fill, paperOf } from '../prepare/drawn.ts'
import { readWith, recipeOf, recognition, says, written, type Answer } from './read-with.ts'

const nothing: Answer = () => recognition()
const fails =
  (code: 'page_timeout' | 'engine_crash' | 'cancelled'): Answer =>
  () =>
    Promise.reject(new ScriptoriumError(code, 'on purpose'))

const turned = (rotation: 90 | 180 | 270) => turn(written, { isMirrored: false, rotation })
const good = says('there is a good deal to be read here')
const poor = says('th1s lz a gcod dEal to 8e rEad hcre', 25)

test('a page that reads well is read once', async () => {
  for (const preset of ['fast', 'balanced', 'best'] as const) {
    const { calls, read } = await readWith(written, [good], { recipe: recipeOf(preset) })
    const { text, readings, confidence } = await read
    assert.equal(calls.length, 1, preset)
    assert.equal(text, 'there is a good deal to be read here')
    assert.equal(confidence, 95)
    assert.deepEqual(
      readings.map(({ name, linesKept, rotation, words }) => [name, linesKept, rotation, words]),
      [[planOf(recipeOf(preset)).readings[0].name, 1, 0, 9]],
    )
  }
})

test('a page that reads poorly is tried in other rotations, and read again as its preset allows', async () => {
  for (const preset of ['fast', 'balanced', 'best'] as const) {
    const { calls, read } = await readWith(written, [poor], { recipe: recipeOf(preset) })
    const { readings, orientation } = await read
    const planned = planOf(recipeOf(preset)).readings
    assert.equal(calls.length, 4 + planned.length, preset)
    assert.deepEqual(
      readings.map(({ name }) => name),
      planned.map(({ name }) => name),
    )
    assert.equal(orientation.rotation, 0)
  }
})

test('further readings stop once the page reads well enough', async () => {
  const looks = [nothing, nothing, nothing, nothing]
  const recipe = recipeOf('best')
  const { calls, read } = await readWith(written, [poor, ...looks, good, poor], { recipe })
  const { text, readings } = await read
  assert.equal(calls.length, 6)
  assert.equal(text, 'there is a good deal to be read here')
  assert.deepEqual(
    readings.map(({ linesKept }) => linesKept),
    [0, 1],
  )
})

test('readings of a page differ in size or settings', async () => {
  const { calls, read } = await readWith(written, [poor], { recipe: recipeOf('best') })
  await read
  const given = calls.filter(({ wishes }) => wishes.psm === 3)
  const kinds = given.map(({ width, wishes }) => JSON.stringify([width, wishes]))
  assert.equal(new Set(kinds).size, given.length)
})

test('the better of two readings is kept for each line, in page order', async () => {
  const [top, foot] = [lineAt(100, 'the first line', 90), lineAt(300, 'lho 1asl llme', 20)]
  const first: Answer = () => recognition(blockOf(top, foot))
  const second: Answer = () =>
    recognition(blockOf(lineAt(100, 'the fjrst ljne', 40), lineAt(300, 'the last line', 92)))
  const { read } = await readWith(written, [first, second])
  const { blocks, text, readings } = await read
  assert.deepEqual(textsOf(blocks), ['the first line', 'the last line'])
  assert.equal(text, 'the first line\nthe last line')
  assert.deepEqual(
    readings.map(({ linesKept }) => linesKept),
    [1, 1],
  )
})

test('a page on its side is probed before it is read, and rotated', async () => {
  for (const [given, rotation, before] of [
    [90, 270, [nothing, nothing]],
    [270, 90, [nothing]],
  ] as const) {
    const { calls, read } = await readWith(turned(given), [...before, good])
    const { orientation, readings } = await read
    assert.equal(calls.length, before.length + 2, 'no further rotation is probed')
    assert.deepEqual(orientation, { isMirrored: false, rotation, skew: 0 })
    assert.equal(readings[0]?.rotation, rotation)
    const page = calls.at(-1)
    assert.ok(page !== undefined && page.height > page.width, 'the engine gets it upright')
  }
})

test('a page on its side that reads no better in any rotation is not probed twice', async () => {
  const { calls, read } = await readWith(turned(90), [poor])
  assert.equal((await read).orientation.rotation, 0)
  assert.equal(calls.length, 4 + planOf(recipeOf('balanced')).readings.length)
})

test('a page upside down is rotated after it has read poorly', async () => {
  const { calls, read } = await readWith(turned(180), [poor, nothing, good])
  const { orientation, text, readings } = await read
  assert.equal(calls.length, 4)
  assert.equal(orientation.rotation, 180)
  assert.equal(text, 'there is a good deal to be read here')
  assert.equal(readings.length, 1, 'the upside-down reading is dropped')
})

test('a second reading that times out loses only itself', async () => {
  const looks = [nothing, nothing, nothing, nothing]
  for (const code of ['page_timeout', 'engine_crash'] as const) {
    const recipe = recipeOf('best')
    const { calls, read } = await readWith(written, [poor, ...looks, fails(code)], { recipe })
    const { readings, text } = await read
    assert.equal(calls.length, 6, 'and no further one is made')
    assert.equal(readings.length, 1)
    assert.notEqual(text, '')
  }
})

test('a probe that times out loses only itself', async () => {
  const { read } = await readWith(written, [poor, fails('page_timeout')])
  assert.notEqual((await read).text, '')
  const sideways = await readWith(turned(90), [fails('page_timeout'), good])
  assert.equal((await sideways.read).orientation.rotation, 0)
})

test('a rotated page that cannot be read keeps its earlier reading', async () => {
  const answers = [poor, nothing, good, fails('page_timeout')]
  const { read } = await readWith(turned(180), answers)
  const { orientation, readings } = await read
  assert.equal(orientation.rotation, 0)
  assert.equal(readings.length, 1)
})

test('a failed first reading fails the page', async () => {
  const { read } = await readWith(written, [fails('page_timeout')])
  await assert.rejects(read, { code: 'page_timeout' })
})

test('a cancelled page is given up at any reading', async () => {
  const looks = [nothing, nothing, nothing, nothing]
  for (const before of [[], [poor], [poor, ...looks]]) {
    const { read } = await readWith(written, [...before, fails('cancelled')])
    await assert.rejects(read, { code: 'cancelled' })
  }
})

test('other errors are rethrown', async () => {
  const breaks = () => Promise.reject(new TypeError('a defect'))
  const { read } = await readWith(written, [poor, breaks])
  await assert.rejects(read, TypeError)
})

test('a blank page never reaches the engine', async () => {
  const { calls, read } = await readWith(paperOf(900, 1200, 240), [])
  assert.deepEqual(await read, {
    text: '',
    confidence: 0,
    blocks: [],
    orientation: { isMirrored: false, rotation: 0, skew: 0 },
    readings: [],
  })
  assert.equal(calls.length, 0)
})

/** Shapes without a line of writing. */
function picture(): Grey {
  const page = paperOf(900, 1200)
  for (let index = 0; index < 40; index += 1) {
    fill(page, (index * 211) % 800, (index * 337) % 1100, 20 + ((index * 13) % 70), 30 + index)
  }
  return page
}

test('a picture is read once, and words that the engine sees in it are dropped', async () => {
  const { calls, read } = await readWith(picture(), [says('l 1 oFa il', 20)])
  const { text, blocks, readings } = await read
  assert.deepEqual([text, blocks, calls.length], ['', [], 1])
  assert.equal(readings[0]?.linesKept, 0)
})

test('a short isolated word needs more confidence than one among others', async () => {
  const { calls, read } = await readWith(picture(), [says('ore', 75)])
  assert.deepEqual([(await read).text, calls.length], ['', 1])
  const alone = await readWith(written, [says('ore', 75), nothing])
  assert.equal((await alone.read).text, '')
  const among = recognition(blockOf(lineAt(100, 'a line of it'), lineAt(300, 'ore', 75)))
  const other = await readWith(written, [() => among])
  assert.match((await other.read).text, /ore/)
})

test('a word in a picture is kept', async () => {
  const { read } = await readWith(picture(), [says('LIGHTHOUSE')])
  assert.equal((await read).text, 'LIGHTHOUSE')
})

test('lines that an engine sees in rules and stains are dropped', async () => {
  const [sound, noise] = [lineAt(100, 'a line of sound writing'), lineAt(300, 'l i a', 5)]
  const { read } = await readWith(written, [() => recognition(blockOf(sound, noise))])
  const { text, readings, blocks } = await read
  assert.equal(text, 'a line of sound writing')
  assert.deepEqual(textsOf(blocks), ['a line of sound writing'])
  assert.equal(readings[0]?.linesKept, 1)
})
