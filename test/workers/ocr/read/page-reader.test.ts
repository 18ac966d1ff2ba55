import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { turn } from '../../../../workers/ocr/prepare/turn.ts'
import { planOf } from '../../../../workers/ocr/read/plan.ts'
import { blockOf, lineAt, lineOver, textsOf } from '../judge/readings.ts'
import { fill, paperOf, write } from '../prepare/drawn.ts'
import {
  covering,
  readWith,
  recipeOf,
  recognition,
  says,
  written,
  type Answer,
} from './read-with.ts'

const nothing: Answer = () => recognition()
const fails =
  (code: 'page_timeout' | 'engine_crash' | 'cancelled'): Answer =>
  () =>
    Promise.reject(new ScriptoriumError(code, 'on purpose'))

const turned = (rotation: 90 | 180 | 270) => turn(written, { isMirrored: false, rotation })
const good = says('there is a good deal to be read here')
const poor = says('th1s lz a gcod dEal to 8e rEad hcre', 25)

/** The looks at a page that reads poorly: four rotations, and two of its reflection. */
const looks = [nothing, nothing, nothing, nothing, nothing, nothing]

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
    assert.equal(calls.length, looks.length + planned.length, preset)
    assert.deepEqual(
      readings.map(({ name }) => name),
      planned.map(({ name }) => name),
    )
    assert.equal(orientation.rotation, 0)
  }
})

test('further readings stop once the page reads well enough', async () => {
  const recipe = recipeOf('best')
  const { calls, read } = await readWith(written, [poor, ...looks, good, poor], { recipe })
  const { text, readings } = await read
  assert.equal(calls.length, looks.length + 2)
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
  const first = covering(['the first line', 90], ['lho 1asl llme', 20])
  const second = covering(['the fjrst ljne', 40], ['the last line', 92])
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
  assert.equal(calls.length, looks.length + planOf(recipeOf('balanced')).readings.length)
})

test('a page upside down is rotated after it has read poorly', async () => {
  const { calls, read } = await readWith(turned(180), [poor, nothing, good])
  const { orientation, text, readings } = await read
  assert.equal(calls.length, 4)
  assert.equal(orientation.rotation, 180)
  assert.equal(text, 'there is a good deal to be read here')
  assert.equal(readings.length, 1, 'the upside-down reading is dropped')
})

test('a mirrored page is flipped, and its orientation tells so', async () => {
  const { calls, read } = await readWith(written, [poor, ...looks.slice(0, 4), good])
  const { orientation, text } = await read
  assert.equal(calls.length, 7)
  assert.deepEqual(orientation, { isMirrored: true, rotation: 0, skew: 0 })
  assert.equal(text, 'there is a good deal to be read here')
})

test('a second reading that times out loses only itself', async () => {
  for (const code of ['page_timeout', 'engine_crash'] as const) {
    const recipe = recipeOf('best')
    const { calls, read } = await readWith(written, [poor, ...looks, fails(code)], { recipe })
    const { readings, text, warnings } = await read
    assert.equal(calls.length, looks.length + 2, 'and no further one is made')
    assert.deepEqual(
      warnings?.map((warning) => [warning.code, warning.message.includes(code)]),
      [
        ['reading_given_up', true],
        ['low_confidence', false],
      ],
    )
    assert.equal(readings.length, 1)
    assert.notEqual(text, '')
  }
})

test('a probe that times out loses only itself', async () => {
  const { read } = await readWith(written, [poor, fails('page_timeout')])
  const { text, warnings } = await read
  assert.notEqual(text, '')
  assert.match(warnings?.[0]?.message ?? '', /'rotation' was given up \(page_timeout/)
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
    uncovered: 0,
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

test('a picture is read as it is, too, and words that the engine sees in it are dropped', async () => {
  const { calls, read } = await readWith(picture(), [says('l 1 oFa il', 20)])
  const { text, blocks, readings } = await read
  assert.deepEqual([text, blocks, calls.length], ['', [], 2])
  assert.deepEqual(
    readings.map(({ name, linesKept }) => [name, linesKept]),
    [
      ['whole', 0],
      ['as is', 0],
    ],
  )
})

test('a short isolated word needs more confidence than one among others', async () => {
  const { calls, read } = await readWith(picture(), [says('ore', 75)])
  assert.deepEqual([(await read).text, calls.length], ['', 2])
  const alone = await readWith(written, [says('ore', 75), nothing])
  assert.equal((await alone.read).text, '')
  const other = await readWith(written, [covering(['a line of it', 95], ['ore', 75])])
  assert.match((await other.read).text, /ore/)
})

test('no page with ink is called empty before it was read as it is', async () => {
  const asItIs: Answer = (page) => {
    const isSame = page.pgm.subarray(-written.data.length).equals(written.data)
    return isSame && page.wishes.dpi === 0 ? good(page) : recognition()
  }
  const { text, readings } = await (await readWith(written, [asItIs])).read
  assert.equal(text, 'there is a good deal to be read here')
  assert.deepEqual(
    readings.filter(({ linesKept }) => linesKept > 0).map(({ name }) => name),
    ['as is'],
  )
  const faint = paperOf(900, 1200, 255)
  fill(faint, 100, 100, 120, 40, 250)
  const stain = await readWith(faint, [good])
  assert.equal((await stain.read).text, text)
})

test('lines without words are read again in their region, added, and reported where they stay without', async () => {
  const page = paperOf(1200, 1200)
  for (const [left, right] of [
    [60, 540],
    [660, 1140],
  ] as const) {
    write(page, { left, right, top: 100, bottom: 1100, letter: 24 })
  }
  const half: Answer = ({ width, height }) =>
    recognition(blockOf(lineOver('the left half of the page', 95, width / 2, [0, height])))
  const readHalf = async (answer: Answer) => (await readWith(page, [half, answer])).read
  const { text, readings, blocks, uncovered, warnings } = await readHalf(says('and the right half'))
  assert.deepEqual(text.split(/\n+/), ['the left half of the page', 'and the right half'])
  assert.equal(readings.length, 2)
  assert.ok(Math.abs((readings[0]?.uncovered ?? 0) - 0.5) < 0.1, `${readings[0]?.uncovered}`)
  assert.deepEqual([uncovered, warnings], [0, undefined])
  const { x0 = 0, x1 = 0 } = blocks.at(-1)?.bbox ?? {}
  assert.ok(x0 > 580 && x1 > 1100 && x1 <= 1200, `${x0} to ${x1}`)
  assert.deepEqual((await readHalf(says('and the right half'))).blocks, blocks)
  const lost = await readHalf(nothing)
  assert.ok(Math.abs((lost.uncovered ?? 0) - 0.5) < 0.1, `${lost.uncovered}`)
  assert.deepEqual(
    lost.warnings?.map(({ code }) => code),
    ['text_missed'],
  )
})

test('a word in a picture is kept', async () => {
  const { read } = await readWith(picture(), [says('LIGHTHOUSE')])
  assert.equal((await read).text, 'LIGHTHOUSE')
})

test('lines that an engine sees in rules and stains are dropped', async () => {
  const both: Answer = ({ width, height }) => {
    const sound = lineOver('a line of sound writing', 95, width, [0, height - 30])
    return recognition(blockOf(sound, lineAt(height - 20, 'l i a', 5)))
  }
  const { read } = await readWith(written, [both])
  const { text, readings, blocks } = await read
  assert.equal(text, 'a line of sound writing')
  assert.deepEqual(textsOf(blocks), ['a line of sound writing'])
  assert.equal(readings[0]?.linesKept, 1)
})

const sureWords = 'several certain words about nothing'

test('a page number alone in a corner is read by itself', async () => {
  const page = paperOf(1200, 1200)
  write(page, { left: 60, top: 60, right: 1140, bottom: 900, letter: 24 })
  for (const x of [1100, 1122]) fill(page, x, 1100, 12, 24)
  const top: Answer = ({ width, height }) =>
    recognition(blockOf(lineOver(sureWords, 97, width, [0, 0.8 * height])))
  const { calls, read } = await readWith(page, [top, says('18')])
  const { text, readings } = await read
  assert.deepEqual(text.split(/\n+/), [sureWords, '18'])
  assert.deepEqual([calls.length, readings.length], [2, 2])
  const scrap = await readWith(page, [top, says('i')])
  assert.equal((await scrap.read).text, sureWords)
})

test('a few bare letters of a page that reads well are read again', async () => {
  const page = paperOf(1200, 1200)
  write(page, { left: 60, top: 60, right: 1140, bottom: 900, letter: 24 })
  write(page, { left: 60, top: 1060, right: 400, bottom: 1090, letter: 24 })
  const top: Answer = ({ width, height }) =>
    recognition(blockOf(lineOver(sureWords, 97, width, [0, 0.8 * height])))
  const { text, readings } = await (await readWith(page, [top, says('the last line')])).read
  assert.ok((readings[0]?.uncovered ?? 1) < 0.05, `${readings[0]?.uncovered}`)
  assert.deepEqual(text.split(/\n+/), [sureWords, 'the last line'])
})
