import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { turnPage, type PageOnDesk } from '../../../../workers/ocr/prepare/prepare.ts'
import { toPrepared } from '../../../../workers/ocr/engine/to-prepared.ts'
import { fromLevel, renderPage } from '../../../../workers/ocr/prepare/render.ts'
import { placeBeforeTurn, turn, type Turn } from '../../../../workers/ocr/prepare/turn.ts'
import { askew, at, centreOfInk, fill, paperOf, write, writtenPage, surveyOf } from './drawn.ts'

const plain = { textHeight: 24, narrowing: 1, gain: 1 }

/** A page with its text, and a disc in the empty margin. */
function markedPage(degrees: number): Grey {
  const page = askew(writtenPage(900, 1200, 22), degrees)
  fill(page, mark.x - 25, mark.y - 25, 50, 50, 255)
  for (let y = -12; y < 12; y += 1) {
    const half = Math.round(Math.sqrt(144 - (y + 0.5) ** 2))
    fill(page, mark.x - half, mark.y + y, 2 * half, 1)
  }
  return page
}

const mark = { x: 60, y: 420 }

/** The given page: the upright page after `how`. */
function undo(upright: Grey, { isMirrored, rotation }: Turn): Grey {
  const back = ([0, 270, 180, 90] as const)[rotation / 90] ?? 0
  const unturned = turn(upright, { isMirrored: false, rotation: back })
  return turn(unturned, { isMirrored, rotation: 0 })
}

const turns: Turn[] = ([0, 90, 180, 270] as const).flatMap((rotation) => [
  { isMirrored: false, rotation },
  { isMirrored: true, rotation },
])
const allWishes = [
  plain,
  { textHeight: 32, narrowing: 1, gain: 1.5 },
  { textHeight: 15, narrowing: 0.85, gain: 1 },
]

for (const degrees of [0, 3, -6]) {
  for (const how of turns) {
    const name = `${how.isMirrored ? 'mirrored, ' : ''}turned by ${how.rotation} and askew by ${degrees}`
    test(`places on a rendered page ${name} map back to the original`, async () => {
      const upright = markedPage(degrees)
      const given = undo(upright, how)
      const size = { width: given.width, height: given.height }
      const there = centreOfInk(upright, mark, 25)
      const wanted = placeBeforeTurn(how, size, there)
      const survey = surveyOf(turn(given, how))
      assert.equal(survey.slopes !== undefined, degrees !== 0)
      for (const wishes of allWishes) {
        const { image, toLevel, scale } = await renderPage(survey, wishes)
        const dot = findMark(image, scale)
        const found = placeBeforeTurn(how, size, fromLevel(survey)(toLevel(dot)))
        const off = Math.hypot(found.x - wanted.x, found.y - wanted.y)
        assert.ok(off < 1, `${JSON.stringify(wishes)} is off by ${off}`)
      }
    })
  }
}

/** The middle of the disc: the only ink that is solid for more than a stroke's breadth. */
function findMark(image: Grey, scale: number) {
  const step = 4 * scale
  for (let y = 16; y < image.height - 16; y += 1) {
    for (let x = 16; x < image.width - 16; x += 1) {
      const isSolid = [-step, 0, step].every((dy) =>
        [-step, 0, step].every((dx) => at(image, Math.round(x + dx), Math.round(y + dy)) < 100),
      )
      if (isSolid) return centreOfInk(image, centreOfInk(image, { x, y }, 14 * scale), 16 * scale)
    }
  }
  return assert.fail('the disc is not on the prepared page')
}

test('text is rendered at the wanted height and width', async () => {
  const survey = surveyOf(writtenPage(900, 1200, 40))
  const { image, scale } = await renderPage(survey, plain)
  const height = surveyOf(image).textHeight
  assert.ok(Math.abs(height - 24) <= 2, `${height}`)
  assert.ok(Math.abs(scale - 24 / survey.textHeight) < 0.01)
  const narrow = await renderPage(survey, { ...plain, narrowing: 0.8 })
  assert.equal(narrow.image.height, image.height)
  assert.ok(Math.abs(narrow.image.width / image.width - 0.8) < 0.01)
})

test('a scale close to 1 is 1, and small print is enlarged up to a limit', async () => {
  const page = writtenPage(900, 1200, 24)
  const near = await renderPage(surveyOf(page), { ...plain, textHeight: 25 })
  assert.deepEqual([near.image.width, near.image.height, near.scale], [900, 1200, 1])
  const small = await renderPage(surveyOf(writtenPage(400, 500, 7)), { ...plain, textHeight: 60 })
  assert.equal(small.scale, 4)
})

/** A page of this many lines. */
function writtenLines(lines: number): Grey {
  const page = paperOf(1_400, 1_800)
  write(page, { left: 100, top: 100, right: 1_300, bottom: 100 + 36 * lines, letter: 20 })
  return page
}

test('a page with many letters in lines is rendered at the smaller size for such pages; specks do not count', async () => {
  const wishes = { textHeight: 20, narrowing: 1, gain: 1, many: { textHeight: 10, narrowing: 0.5 } }
  const few = writtenLines(10)
  for (let x = 20; x < 1_380; x += 20)
    for (let y = 900; y < 1_700; y += 20) fill(few, x, y, 5, 5 + (x % 3))
  const [speckled, full] = [surveyOf(few), surveyOf(writtenLines(40))]
  assert.ok(speckled.glyphs.length > full.glyphs.length)
  const [usual, smaller] = [
    await renderPage(speckled, { ...wishes, textHeight: speckled.textHeight }),
    await renderPage(full, wishes),
  ]
  assert.deepEqual([usual.image.width, usual.image.height], [few.width, few.height])
  assert.ok(Math.abs(smaller.image.height / few.height - 10 / full.textHeight) < 0.02)
  assert.ok(Math.abs(smaller.image.width / smaller.image.height - (0.5 * 1_400) / 1_800) < 0.02)
})

test('tinted paper leaves no shade at the edges of a levelled page', async () => {
  const page = askew(writtenPage(900, 1200, 22), 3)
  page.data.forEach((value, index) => (page.data[index] = Math.min(value, 170)))
  const survey = surveyOf(page)
  assert.ok(survey.slopes !== undefined)
  const { data } = (await renderPage(survey, plain)).image
  const greys = data.reduce((sum, value) => sum + (value > 150 && value < 240 ? 1 : 0), 0)
  assert.ok(greys < 0.08 * data.length, `${((100 * greys) / data.length).toFixed(1)} % are grey`)
})

test('a page without text keeps its size', async () => {
  const { image, scale, toLevel } = await renderPage(surveyOf(paperOf(300, 200)), plain)
  assert.deepEqual([image.width, image.height, scale], [300, 200, 1])
  assert.deepEqual(toLevel({ x: 30, y: 20 }), { x: 30, y: 20 })
})

test('a page without lines is rendered in three megapixels', async () => {
  const blots = paperOf(4000, 3000)
  for (let index = 0; index < 40; index += 1) {
    fill(blots, (index * 911) % 3900, (index * 1337) % 2900, 20 + ((index * 13) % 70), 30 + index)
  }
  const { image, scale } = await renderPage(surveyOf(blots), { ...plain, textHeight: 60 })
  assert.ok(Math.abs(image.width * image.height - 3e6) < 1e4, `${image.width} x ${image.height}`)
  assert.equal(scale, image.height / 3000)
})

test('a rendering stays within the limits of the engine and of memory', async () => {
  const strip = writtenPage(12_000, 100, 8)
  const { image } = await renderPage(surveyOf(strip), { ...plain, textHeight: 30 })
  assert.ok(image.width <= 32_767, `${image.width} wide`)
  const wide = await renderPage(surveyOf(writtenPage(3000, 4000, 9)), {
    ...plain,
    textHeight: 32,
  })
  assert.ok(wide.image.width * wide.image.height <= 30.1e6)
})

test('the rendering of a skewed page contains all of its text', async () => {
  const page = askew(writtenPage(1200, 1200, 22), 8)
  const { image, scale } = await renderPage(surveyOf(page), plain)
  const inkOf = ({ data }: Grey) => data.reduce((sum, value) => sum + (255 - value), 0)
  const share = inkOf(image) / (inkOf(page) * scale ** 2)
  assert.ok(share > 0.9 && share < 1.15, `${share}`)
})

test('the inverse mapping is continuous: neighbours stay neighbours', async () => {
  const survey = surveyOf(askew(writtenPage(900, 1200, 22), 4))
  const { image, toLevel } = await renderPage(survey, plain)
  const back = (x: number, y: number) => fromLevel(survey)(toLevel({ x, y }))
  for (let y = 0; y < image.height; y += 7) {
    for (let x = 0; x < image.width; x += 11) {
      const [a, b, c] = [back(x, y), back(x + 1, y), back(x, y + 1)]
      assert.ok(Math.hypot(a.x - b.x, a.y - b.y) < 2 && Math.hypot(a.x - c.x, a.y - c.y) < 2)
    }
  }
})

test('the engine gets a PGM with one byte per pixel', () => {
  const wishes = {
    psm: 3,
    dpi: 300,
    thresholding: 'otsu',
    findsTables: true,
    variables: {},
  } as const
  const prepared = toPrepared(paperOf(5, 3, 7), 'a.png#1', wishes)
  assert.equal(prepared.pgm.toString('latin1'), `P5\n5 3\n255\n${'\u0007'.repeat(15)}`)
  const { width, height, label } = prepared
  assert.deepEqual([width, height, label, prepared.wishes], [5, 3, 'a.png#1', wishes])
})

test('a page rotated on the desk is surveyed and rendered again', async () => {
  const grey = turn(writtenPage(900, 1200, 22), { isMirrored: false, rotation: 270 })
  const survey = surveyOf(grey)
  const first = await renderPage(survey, plain)
  const size = { width: grey.width, height: grey.height }
  const page: PageOnDesk = {
    size,
    turn: { isMirrored: true, rotation: 180 },
    grey,
    hasInk: true,
    survey,
    first,
    stepsMs: {},
  }
  assert.equal(survey.isSideways, true)
  const turned = await turnPage(page, { isMirrored: false, rotation: 90 }, plain)
  assert.equal(turned.survey.isSideways, false)
  assert.deepEqual(turned.turn, { isMirrored: true, rotation: 270 })
  assert.deepEqual([turned.grey.width, turned.grey.height], [900, 1200])
  assert.deepEqual(turned.size, size)
  const names = ['repaint', 'despeckle', 'darken', 'scale', 'divide background', 'level']
  assert.deepEqual(Object.keys(turned.stepsMs), names)
})
