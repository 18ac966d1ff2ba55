import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Block } from '../../../../shared/contract/result/layout.ts'
import { fitBlocks, mapBlocks } from '../../../../workers/ocr/prepare/mapping.ts'

const located = { text: 'word', confidence: 80, bbox: { x0: 10, y0: 20, x1: 50, y1: 40 } }
const line = {
  ...located,
  baseline: { x0: 10, y0: 36, x1: 50, y1: 36 },
  size: 16,
  words: [located],
}
const blocks: Block[] = [{ ...located, paragraphs: [{ ...located, lines: [line] }] }]

const lineOf = ([block]: readonly Block[]) => block?.paragraphs[0]?.lines[0]

test('boxes, baselines and sizes are mapped alike', () => {
  const mapped = mapBlocks(blocks, ({ x, y }) => ({ x: 100 - y / 2, y: x / 2 }))
  const box = { x0: 80, y0: 5, x1: 90, y1: 25 }
  const found = lineOf(mapped)
  assert.deepEqual([mapped[0]?.bbox, mapped[0]?.paragraphs[0]?.bbox, found?.bbox], [box, box, box])
  assert.deepEqual(found?.words[0]?.bbox, box)
  assert.deepEqual(found?.baseline, { x0: 82, y0: 5, x1: 82, y1: 25 })
  assert.equal(found?.size, 8)
  assert.equal(found?.text, 'word')
})

test('the mapped box of a slightly rotated one contains all its corners', () => {
  const lean = ({ x, y }: { x: number; y: number }) => ({ x: x - 0.1 * y, y: y + 0.1 * x })
  const found = lineOf(mapBlocks(blocks, lean))
  assert.deepEqual(found?.bbox, { x0: 6, y0: 21, x1: 48, y1: 45 })
})

test('boxes are clipped to the page in whole pixels, and never become empty', () => {
  const shift = (dx: number, dy: number) =>
    lineOf(
      fitBlocks(
        mapBlocks(blocks, ({ x, y }) => ({ x: x + dx, y: y + dy })),
        { width: 60, height: 50 },
      ),
    )
  assert.deepEqual(shift(0.4, 0.6)?.bbox, { x0: 10, y0: 21, x1: 50, y1: 41 })
  assert.deepEqual(shift(-20, -30)?.bbox, { x0: 0, y0: 0, x1: 30, y1: 10 })
  assert.deepEqual(shift(30, 0)?.bbox, { x0: 40, y0: 20, x1: 60, y1: 40 })
  assert.deepEqual(shift(500, 500)?.bbox, { x0: 59, y0: 49, x1: 60, y1: 50 })
  assert.deepEqual(shift(-500, -500)?.words[0]?.bbox, { x0: 0, y0: 0, x1: 1, y1: 1 })
})

test('the input stays unchanged', () => {
  const before = structuredClone(blocks)
  fitBlocks(
    mapBlocks(blocks, ({ x, y }) => ({ x: -x, y: -y })),
    { width: 5, height: 5 },
  )
  assert.deepEqual(blocks, before)
})
