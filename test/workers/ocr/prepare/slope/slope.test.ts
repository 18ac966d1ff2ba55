import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grey } from '../../../../../workers/ocr/prepare/grey.ts'
import type { PagePoint } from '../../../../../workers/ocr/prepare/mapping.ts'
import { sampleSlopes } from '../../../../../workers/ocr/prepare/slope/slope.ts'
import {
  fitSlopes,
  sinkAt,
  slopeAt,
  type SlopeField,
} from '../../../../../workers/ocr/prepare/slope/slope-field.ts'
import {
  placeAfter,
  placeBefore,
  straighten,
} from '../../../../../workers/ocr/prepare/slope/straighten.ts'
import { decodePage } from '../../../../../workers/ocr/prepare/decode.ts'
import { openSample } from '../../../../helpers/pages/prepared.ts'
import { askew, at, medianOf, warp, writtenPage, surveyOf } from '../drawn.ts'

const [width, height] = [1000, 1300]
const level = writtenPage(width, height, 22)
const whole = { x: 0, y: 0, width, height }

const slopesOf = (page: Grey) => surveyOf(page).samples.map(({ slope }) => slope)

/** The field that a survey finds. */
function fieldOf(page: Grey): SlopeField {
  const { slopes } = surveyOf(page)
  assert.ok(slopes !== undefined, 'lines do not run level')
  return slopes
}

test('text lines are followed from letter to letter, with a few samples each', () => {
  const { samples } = surveyOf(level)
  assert.ok(samples.length > 50, `${samples.length}`)
  assert.ok(samples.every(({ letters }) => letters >= 5))
  assert.ok(Math.abs(medianOf(slopesOf(level))) < 0.002)
})

test('a level page stays unchanged', () => {
  assert.equal(surveyOf(level).slopes, undefined)
  assert.equal(surveyOf(askew(level, 0.2)).slopes, undefined, 'so small a slope costs nothing')
})

for (const degrees of [3, -3, 8]) {
  test(`a page skewed by ${degrees} degrees is detected and levelled`, () => {
    const page = askew(level, degrees)
    const field = fieldOf(page)
    const wanted = Math.tan((degrees * Math.PI) / 180)
    for (const [x, y] of [
      [500, 650],
      [200, 300],
      [800, 1000],
    ] as const) {
      assert.ok(Math.abs(slopeAt(field, x, y) - wanted) < 0.006, `${slopeAt(field, x, y)}`)
    }
    const straight = straighten(page, field, { x: 1, y: 1 }, whole)
    const slopes = slopesOf(straight)
    assert.ok(Math.abs(medianOf(slopes)) < 0.003, `${medianOf(slopes)}`)
    assert.ok(medianOf(slopes.map(Math.abs)) < 0.006)
  })
}

/** Vertical displacement of the lines at a place, pixels, and their slope there. */
interface Curve {
  sink: (place: PagePoint) => number
  slope: (place: PagePoint) => number
}

const curves: Record<string, Curve> = {
  'like a bow': {
    sink: ({ x }) => 40 * ((x - 500) / 500) ** 2,
    slope: ({ x }) => (80 * (x - 500)) / 500 ** 2,
  },
  'like a wave': {
    sink: ({ x }) => 18 * Math.sin(x / 260),
    slope: ({ x }) => (18 / 260) * Math.cos(x / 260),
  },
  'more at the foot than at the top': {
    sink: ({ x, y }) => (x - 500) * (0.06 * (y / height)),
    slope: ({ y }) => 0.06 * (y / height),
  },
}

for (const [name, { sink, slope }] of Object.entries(curves)) {
  test(`lines that run ${name} are detected and levelled`, () => {
    const page = warp(level, ({ x, y }) => ({ x, y: y - sink({ x, y }) }))
    const field = fieldOf(page)
    const errors = surveyOf(page).samples.map(({ x, y }) =>
      Math.abs(slopeAt(field, x, y) - slope({ x, y })),
    )
    assert.ok(medianOf(errors) < 0.008, `off by ${medianOf(errors)}`)
    const left = slopesOf(straighten(page, field, { x: 1, y: 1 }, whole)).map(Math.abs)
    const before = slopesOf(page).map(Math.abs)
    assert.ok(
      medianOf(left) < 0.008 && medianOf(left) < medianOf(before) / 2.5,
      `${medianOf(left)}`,
    )
  })
}

test('a real skewed page is levelled', async () => {
  const { grey } = await decodePage(await openSample('letters/harbour.jpg'), 100)
  const page = askew(grey, 3)
  const field = fieldOf(page)
  const frame = { x: 0, y: 0, width: page.width, height: page.height }
  const slopes = slopesOf(straighten(page, field, { x: 1, y: 1 }, frame))
  assert.ok(Math.abs(medianOf(slopes)) < 0.004, `${medianOf(slopes)}`)
})

const fields: Record<string, SlopeField> = {
  'of a page that was bent': fieldOf(
    warp(level, ({ x, y }) => ({ x, y: y - 30 * ((x - 300) / 500) ** 2 - 0.03 * x })),
  ),
  'of a strongly skewed page': fieldOf(askew(level, 9)),
  'of a page that is bent every way at once': {
    x: 480,
    y: 640,
    unit: 620,
    reach: { x: 450, y: 620 },
    coefficients: [0.02, -0.03, 0.02, 0.04, 0.03, -0.02, 0.05, 0.04],
  },
}

for (const [name, field] of Object.entries(fields)) {
  test(`the mapping ${name} is invertible`, () => {
    for (let y = 0; y <= height; y += 65) {
      for (let x = 0; x <= width; x += 50) {
        const back = placeBefore(field, placeAfter(field, { x, y }))
        const off = Math.hypot(back.x - x, back.y - y)
        assert.ok(off < 0.1, `${x},${y} is off by ${off}`)
      }
    }
  })

  test(`the sink ${name} is the integral of its slope`, () => {
    for (const y of [-50, 100, 650, 1250, 1400]) {
      for (let x = -100; x < width + 100; x += 50) {
        const rise = sinkAt(field, x + 0.5, y) - sinkAt(field, x - 0.5, y)
        assert.ok(Math.abs(rise - slopeAt(field, x, y)) < 1e-3, `${x},${y}: ${rise}`)
      }
    }
    assert.equal(sinkAt(field, field.x, 650), 0)
  })
}

test('a few outliers do not bend the field', () => {
  const samples = Array.from({ length: 100 }, (_, index) => ({
    x: (index % 10) * 100,
    y: Math.floor(index / 10) * 100,
    slope: index % 9 === 0 ? 0.4 : 0.02,
    letters: 6,
  }))
  const field = fitSlopes(samples)
  assert.ok(field !== undefined)
  assert.ok(Math.abs(slopeAt(field, 450, 450) - 0.02) < 1e-3)
  assert.ok(Math.abs(slopeAt(field, 0, 0) - 0.02) < 3e-3)
})

test('too few samples give no field, and samples at one place give a constant one', () => {
  const sample = { x: 10, y: 10, slope: 0.05, letters: 5 }
  assert.equal(fitSlopes([sample, sample, sample]), undefined)
  const field = fitSlopes(Array.from({ length: 100 }, () => sample))
  assert.ok(field !== undefined)
  assert.ok(Math.abs(slopeAt(field, 500, 500) - 0.05) < 1e-3)
})

test('more samples than a call accepts arguments give a field', () => {
  const samples = Array.from({ length: 200_000 }, (_, index) => ({
    x: index % 1000,
    y: Math.floor(index / 1000),
    slope: 0.01,
    letters: 5,
  }))
  const field = fitSlopes(samples)
  assert.ok(field !== undefined && Math.abs(slopeAt(field, 500, 100) - 0.01) < 1e-6)
})

test('levelling at another scale gives the same picture, with white outside', () => {
  const page = askew(level, 3)
  const field = fieldOf(page)
  const frame = { x: -100, y: -80, width: width + 200, height: height + 160 }
  const straight = straighten(page, field, { x: 1, y: 1 }, frame)
  assert.deepEqual([straight.width, straight.height], [1200, 1460])
  assert.deepEqual([at(straight, 0, 0), at(straight, 1199, 1459)], [255, 255])
  const cut = straighten(page, field, { x: 1, y: 1 }, { x: 100, y: 120, width: 333, height: 77 })
  assert.deepEqual([cut.width, cut.height], [333, 77])
  let differing = 0
  for (let y = 0; y < 77; y += 1) {
    for (let x = 0; x < 333; x += 1) {
      if (Math.abs(at(cut, x, y) - at(straight, x + 200, y + 200)) > 12) differing += 1
    }
  }
  assert.ok(differing < 0.01 * 333 * 77, `${differing}`)
})

test('letters too far apart, or on different lines, are not a line', () => {
  const letterAt = (x: number, y: number) => ({ x0: x, y0: y, x1: x + 14, y1: y + 20 })
  const row = (gap: number, step = 0) =>
    Array.from({ length: 12 }, (_, index) => letterAt(index * (14 + gap), index * step))
  assert.ok(sampleSlopes(row(6), 20).length > 0)
  assert.deepEqual(sampleSlopes(row(40), 20), [])
  assert.deepEqual(sampleSlopes(row(6, 15), 20), [])
  assert.deepEqual(sampleSlopes(row(6).slice(0, 4), 20), [])
  assert.deepEqual(sampleSlopes([], 0), [])
})

test('descenders and commas do not tilt a line', () => {
  const letters = Array.from({ length: 12 }, (_, index) => {
    const foot = 120 + index * 20 * 0.05 + (index % 4 === 1 ? 6 : 0)
    return { x0: index * 20, y0: foot - 20, x1: index * 20 + 14, y1: foot }
  })
  const slopes = sampleSlopes(letters, 20).map(({ slope }) => slope)
  assert.ok(slopes.length > 0)
  assert.ok(Math.abs(medianOf(slopes) - 0.05) < 0.02, `${medianOf(slopes)}`)
})
