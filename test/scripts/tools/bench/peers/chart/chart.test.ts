import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import {
  drawChart,
  type ChartPoint,
} from '../../../../../../scripts/tools/bench/peers/chart/chart.ts'
import {
  overlapOf,
  placeLabels,
} from '../../../../../../scripts/tools/bench/peers/chart/chart-labels.ts'
import {
  linearScale,
  logarithmicScale,
} from '../../../../../../scripts/tools/bench/peers/chart/chart-scale.ts'

const points: ChartPoint[] = [
  { name: 'Scriptorium fast', label: 'fast', family: 'tesseract.js', f1: 83, pagesPerSecond: 1.9 },
  { name: 'Scriptorium best', label: 'best', family: 'tesseract.js', f1: 89, pagesPerSecond: 0.6 },
  { name: 'pool <2>', label: 'pool & co', family: 'peer', f1: 82.3, pagesPerSecond: 1.8 },
  { name: 'CLI', label: 'CLI', family: 'peer', f1: 82.1, pagesPerSecond: 1.7 },
]

test('the chart has every system with its figures, and axes with units', () => {
  const svg = drawChart(points, { subtitle: '65 pages' })
  assert.ok(svg.includes('<title>Scriptorium fast: F 83.0 %, 1.90 pages/s</title>'))
  assert.ok(svg.includes('<title>pool &lt;2&gt;: F 82.3 %, 1.80 pages/s</title>'))
  for (const said of ['>fast<', '>best<', '>pool &amp; co<', '>CLI<', '>65 pages<']) {
    assert.ok(svg.includes(said), said)
  }
  assert.match(svg, /pages per second/)
  assert.match(svg, /word F1 in %/)
})

test('the chart is an image of 800 pixels on a light background', async () => {
  const svg = Buffer.from(drawChart(points, { subtitle: '' }))
  const { width, height } = await sharp(svg).metadata()
  assert.deepEqual([width, height], [800, 520])
  const { dominant } = await sharp(svg).stats()
  assert.ok(Math.min(dominant.r, dominant.g, dominant.b) > 240)
})

test('better is higher, and faster is farther to the right', () => {
  const [, best, pool] = points.map(({ name }) => {
    const svg = drawChart(points, { subtitle: '' })
    const at = svg.indexOf(`<title>${name.replace('<', '&lt;').replace('>', '&gt;')}:`)
    const [, x, y] = /(?:cx="|d="M)([\d.]+)(?:" cy="| )([\d.]+)/.exec(svg.slice(at)) ?? []
    return { x: Number(x), y: Number(y) }
  })
  assert.ok(best!.y < pool!.y && best!.x < pool!.x)
})

test('labels overlap neither each other nor points, and stay inside, however close the points are', () => {
  const area = { left: 0, top: 0, right: 700, bottom: 400 }
  const crowd = Array.from({ length: 9 }, (_, index) => ({
    x: 350 + 9 * (index % 3),
    y: 200 + 7 * Math.floor(index / 3),
    text: `system number ${index}`,
  }))
  const labels = placeLabels(crowd, [crowd.slice(0, 3)], area)
  for (const [index, { box }] of labels.entries()) {
    for (const other of labels.slice(index + 1)) assert.equal(overlapOf(box, other.box), 0)
    for (const { x, y } of crowd) {
      assert.equal(overlapOf(box, { left: x - 5, top: y - 5, right: x + 5, bottom: y + 5 }), 0)
    }
    assert.ok(box.left >= 0 && box.right <= 700 && box.top >= 0 && box.bottom <= 400)
  }
})

test('axes contain all values, with ticks at round numbers', () => {
  const f1 = linearScale([66, 82, 89.2])
  assert.deepEqual(f1.ticks, [65, 70, 75, 80, 85, 90])
  const speed = logarithmicScale([0.18, 1.9])
  assert.deepEqual(speed.ticks, [0.2, 0.3, 0.5, 0.7, 1, 1.5, 2])
  for (const value of [0.18, 1.9]) assert.ok(speed.place(value) > 0 && speed.place(value) < 1)
  assert.equal(logarithmicScale([0.01, 100]).ticks.length, 13)
  assert.deepEqual(linearScale([82, 82]).ticks, [81, 82, 83])
})
