import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { BBox, Block } from '../../../../shared/contract/contract.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { defaultRecipe, type Preset, type Recipe } from '../../../../shared/contract/recipe.ts'
import type { PreparedPage, Recognition } from '../../../../workers/ocr/engine/engine.ts'
import { wordsOf } from '../../../../workers/ocr/read/score.ts'
import { planOf } from '../../../../workers/ocr/read/plan.ts'
import type { ExifOrientation } from '../../../../workers/ocr/open/opened.ts'
import { readPage } from '../../../../workers/ocr/read/page-reader.ts'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { decodePage } from '../../../../workers/ocr/prepare/decode.ts'
import { preparePage } from '../../../../workers/ocr/prepare/prepare.ts'
import { turn } from '../../../../workers/ocr/prepare/turn.ts'
import { createTesseract } from '../../../../workers/ocr/engine/tesseract.ts'
import { openSample } from '../../../helpers/pages/prepared.ts'
import { blockOf, lineAt, textsOf } from '../judge/readings.ts'
import { askew, fill, paperOf, write, writtenPage } from '../prepare/drawn.ts'

const recipeOf = (preset: Preset): Recipe => ({ ...defaultRecipe, preset })

/** A page of these pixels on the desk; `orientation` is what its file tells. */
function deskOf(grey: Grey, orientation: ExifOrientation = 1, recipe = defaultRecipe) {
  const { width, height } = grey
  const pixels = { data: Buffer.from(grey.data), raw: { width, height, channels: 1 } } as const
  const opened = { kind: 'pixels', pixels, width, height, dpi: null, orientation } as const
  return preparePage(opened, 100, planOf(recipe).readings[0])
}

type Answer = (page: PreparedPage) => Recognition | Promise<Recognition>

/** Reads a page with an engine that gives these answers in their order, the last one from then on. */
async function readWith(
  grey: Grey,
  answers: readonly Answer[],
  {
    recipe = defaultRecipe,
    orientation = 1,
  }: { recipe?: Recipe; orientation?: ExifOrientation } = {},
) {
  const calls: PreparedPage[] = []
  const desk = await deskOf(grey, orientation, recipe)
  const read = async (page: PreparedPage) => {
    const answer = answers[Math.min(calls.push(page), answers.length) - 1]
    return answer === undefined ? assert.fail('the engine was called') : answer(page)
  }
  return { calls, read: readPage(desk, 'a.png#1', recipe, read) }
}

const recognition = (...blocks: Block[]): Recognition => ({
  text: blocks.map(({ text }) => text).join('\n\n'),
  confidence: 50,
  blocks,
})
const says =
  (text: string, confidence = 95): Answer =>
  () =>
    recognition(blockOf(lineAt(100, text, confidence, 100)))
const nothing: Answer = () => recognition()
const fails =
  (code: 'page_timeout' | 'engine_crash' | 'cancelled'): Answer =>
  () =>
    Promise.reject(new ScriptoriumError(code, 'on purpose'))

const written = writtenPage(900, 1200, 24)
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
    assert.equal(calls.length, before.length + 2, 'no further way round is looked at')
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
  assert.equal(readings.length, 1, 'what was read upside down is of no use')
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

/** The box round all that is darker than half. */
function inkOf({ data, width, height }: Grey): BBox {
  const box = { x0: width, y0: height, x1: 0, y1: 0 }
  data.forEach((value, index) => {
    if (value >= 128) return
    const [x, y] = [index % width, Math.floor(index / width)]
    box.x0 = Math.min(box.x0, x)
    box.y0 = Math.min(box.y0, y)
    box.x1 = Math.max(box.x1, x + 1)
    box.y1 = Math.max(box.y1, y + 1)
  })
  return box
}

/** One line round all the ink that the engine is given. */
const seesInk: Answer = ({ pgm, width, height }) => {
  const bbox = inkOf({ data: pgm.subarray(-width * height), width, height })
  const word = { text: 'everything', confidence: 95, bbox }
  const { x0, x1, y0, y1 } = bbox
  const line = { ...word, baseline: { x0, y0: y1, x1, y1 }, size: y1 - y0, words: [word] }
  return recognition({ ...word, paragraphs: [{ ...word, lines: [line] }] })
}

/** Off the middle, so that no turn leaves it in its place. */
function offCentre(): Grey {
  const page = paperOf(900, 1200)
  write(page, { left: 120, top: 310, right: 640, bottom: 700, letter: 36 })
  return page
}

for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8] as const) {
  test(`boxes and baselines are in stored pixels after EXIF orientation ${orientation} was applied`, async () => {
    // The engine finds it good any way round, so what counts is where things are, not how they lie.
    const page = offCentre()
    const given = orientation >= 5 ? turn(page, { isMirrored: false, rotation: 90 }) : page
    const { read } = await readWith(given, [seesInk], { orientation })
    const { blocks } = await read
    const [found, wanted] = [blocks[0]?.bbox, inkOf(given)]
    for (const side of ['x0', 'y0', 'x1', 'y1'] as const) {
      const off = Math.abs((found?.[side] ?? Number.NaN) - wanted[side])
      assert.ok(off <= 1, `${side}: ${JSON.stringify([found, wanted])}`)
    }
    const { x0, y0, x1, y1 } = blocks[0]?.paragraphs[0]?.lines[0]?.baseline ?? assert.fail()
    assert.equal(Math.abs(x1 - x0) > Math.abs(y1 - y0), orientation < 5, 'as its line runs')
  })
}

test('a skewed page reports its angle, and its boxes are inside it', async () => {
  const page = askew(written, 3)
  const { read } = await readWith(page, [seesInk])
  const { orientation, blocks } = await read
  assert.ok(Math.abs(orientation.skew + 3) < 0.3, `${orientation.skew}`)
  const { x0, y0, x1, y1 } = blocks[0]?.bbox ?? assert.fail()
  assert.ok(x0 >= 0 && y0 >= 0 && x1 <= page.width && y1 <= page.height)
  assert.ok([x0, y0, x1, y1].every(Number.isInteger))
})

const engine = await createTesseract(defaultRecipe, undefined)
after(() => engine.close())

/** The share of the page's ink that lies in the boxes of words, and the least share of ink in any box. */
function inkIn(page: Grey, boxes: readonly BBox[]) {
  const isBoxed = new Uint8Array(page.data.length)
  const shares = boxes.map(({ x0, y0, x1, y1 }) => {
    let ink = 0
    for (let y = y0; y < y1; y += 1) {
      isBoxed.fill(1, y * page.width + x0, y * page.width + x1)
      for (let x = x0; x < x1; x += 1) ink += (page.data[y * page.width + x] ?? 255) < 128 ? 1 : 0
    }
    return ink / ((x1 - x0) * (y1 - y0))
  })
  let [all, boxed] = [0, 0]
  page.data.forEach((value, index) => {
    if (value >= 128) return
    all += 1
    boxed += isBoxed[index] ?? 0
  })
  return { boxed: boxed / all, least: Math.min(...shares) }
}

const { grey: bindery } = await decodePage(await openSample('letters/bindery.webp'), 100)

async function readBindery(given: Grey, orientation: ExifOrientation) {
  const desk = await deskOf(given, orientation)
  return readPage(desk, 'bindery', defaultRecipe, (page) => engine.recognise(page, 60_000))
}

const rotationsBack = { 1: 0, 2: 0, 3: 180, 4: 180, 5: 90, 6: 270, 7: 270, 8: 90 } as const

/** The pixels that an orientation makes upright. */
function stored(orientation: ExifOrientation): Grey {
  const unturned = turn(bindery, { isMirrored: false, rotation: rotationsBack[orientation] })
  return turn(unturned, { isMirrored: [2, 4, 5, 7].includes(orientation), rotation: 0 })
}

for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8] as const) {
  test(`words read with EXIF orientation ${orientation} cover their ink in the stored image`, async () => {
    const given = stored(orientation)
    const { blocks, text } = await readBindery(given, orientation)
    assert.match(text, /sewing/)
    const { boxed, least } = inkIn(
      given,
      wordsOf(blocks).map(({ bbox }) => bbox),
    )
    assert.ok(boxed > 0.9, `${boxed} of the ink is in a box`)
    assert.ok(least > 0.05, `${least}`)
  })
}

for (const rotation of [90, 180, 270] as const) {
  test(`words on a page rotated by ${rotation} without EXIF cover their ink`, async () => {
    const given = turn(bindery, { isMirrored: false, rotation })
    const { blocks, text, orientation } = await readBindery(given, 1)
    assert.equal(orientation.rotation, 360 - rotation)
    assert.match(text, /sewing/)
    const { boxed, least } = inkIn(
      given,
      wordsOf(blocks).map(({ bbox }) => bbox),
    )
    assert.ok(boxed > 0.9, `${boxed} of the ink is in a box`)
    assert.ok(least > 0.05, `${least}`)
  })
}

test('words on a skewed page cover their ink', async () => {
  const given = askew(bindery, 3)
  const { blocks } = await readBindery(given, 1)
  const { boxed, least } = inkIn(
    given,
    wordsOf(blocks).map(({ bbox }) => bbox),
  )
  assert.ok(boxed > 0.9, `${boxed} of the ink is in a box`)
  assert.ok(least > 0.03, `${least}`)
})
