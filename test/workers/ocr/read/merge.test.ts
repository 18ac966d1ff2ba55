import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeReadings } from '../../../../workers/ocr/read/merge.ts'
import { withoutNoise } from '../../../../workers/ocr/read/noise.ts'
import { blockOf, lineAt, textsOf } from '../judge/readings.ts'

test('the better reading of each line is kept, in the order of the first', () => {
  const first = [
    blockOf(lineAt(0, 'good line', 95), lineAt(30, 'bxd llme', 20), lineAt(60, 'last', 90)),
  ]
  const second = [
    blockOf(lineAt(2, 'gaad lime', 30), lineAt(31, 'bad line', 90), lineAt(61, 'lost', 80)),
  ]
  const merged = mergeReadings(first, second)
  assert.deepEqual(textsOf(merged), ['good line', 'bad line', 'last'])
  assert.equal(merged[0]?.text, 'good line\nbad line\nlast')
  assert.equal(merged[0]?.paragraphs[0]?.lines[1]?.bbox.y0, 31, 'with its own place')
})

test('merging a reading with itself changes nothing', () => {
  const first = [
    blockOf(lineAt(0, 'one line'), lineAt(30, 'another line')),
    blockOf(lineAt(90, 'end')),
  ]
  assert.deepEqual(mergeReadings(first, structuredClone(first)), first)
})

test('lines that only the second reading has are inserted at their place, if they are good enough', () => {
  const first = [blockOf(lineAt(0, 'top line')), blockOf(lineAt(200, 'foot of it'))]
  const second = [
    blockOf(lineAt(100, 'between them', 95), lineAt(140, 'and this', 95)),
    blockOf(lineAt(300, 'l ,i', 5)),
    blockOf(lineAt(400, 'below all', 95)),
  ]
  const merged = mergeReadings(first, second)
  assert.deepEqual(textsOf(merged), [
    'top line',
    'between them',
    'and this',
    'foot of it',
    'below all',
  ])
})

test('lines that only the first reading has are kept', () => {
  const first = [blockOf(lineAt(0, 'one'), lineAt(40, 'two'))]
  assert.deepEqual(textsOf(mergeReadings(first, [blockOf(lineAt(40, 'tow', 10))])), ['one', 'two'])
  assert.deepEqual(textsOf(mergeReadings(first, [])), ['one', 'two'])
  assert.deepEqual(textsOf(mergeReadings([], first)), ['one', 'two'])
  assert.deepEqual(mergeReadings([], []), [])
})

test('a line that the other reading split in two is replaced as a whole', () => {
  const whole = [blockOf(lineAt(0, 'one whole line of it', 95))]
  const torn = [blockOf(lineAt(0, 'one wh', 30), lineAt(3, 'lime of it', 30, 110))]
  assert.deepEqual(textsOf(mergeReadings(whole, torn)), ['one whole line of it'])
  assert.deepEqual(textsOf(mergeReadings(torn, whole)), ['one whole line of it'])
  const better = [blockOf(lineAt(0, 'one whole', 95), lineAt(3, 'line of it', 95, 110))]
  const bad = [blockOf(lineAt(0, 'ono wholo limo af lt', 20))]
  assert.deepEqual(textsOf(mergeReadings(bad, better)), ['one whole', 'line of it'])
})

test('neighbouring columns are not mixed', () => {
  const left = lineAt(0, 'left column', 95)
  const right = lineAt(0, 'right column', 20, 400)
  const second = [
    blockOf(lineAt(0, 'lefd colunn', 20)),
    blockOf(lineAt(0, 'right column', 95, 400)),
  ]
  const merged = mergeReadings([blockOf(left), blockOf(right)], second)
  assert.deepEqual(textsOf(merged), ['left column', 'right column'])
  assert.deepEqual(
    merged.map(({ confidence }) => confidence),
    [95, 95],
  )
})

test('a block without lines is removed', () => {
  const first = [blockOf(lineAt(0, 'ona', 10)), blockOf(lineAt(3, 'lina', 10, 60))]
  const second = [blockOf(lineAt(1, 'one line', 95))]
  const merged = mergeReadings(first, second)
  assert.deepEqual(textsOf(merged), ['one line'])
  assert.equal(merged.length, 1)
})

test('boxes, texts and confidences of paragraphs and blocks are derived from their lines', () => {
  const [block] = mergeReadings(
    [blockOf(lineAt(0, 'ab', 80), lineAt(30, 'xyz', 10))],
    [blockOf(lineAt(30, 'lighthouse keeper', 90, 5))],
  )
  assert.deepEqual(block?.bbox, { x0: 0, y0: 0, x1: 175, y1: 50 })
  assert.equal(block?.confidence, 85)
  assert.equal(block?.text, 'ab\nlighthouse keeper')
  assert.deepEqual(block?.paragraphs[0]?.bbox, block?.bbox)
})

test('the input is not modified', () => {
  const first = [blockOf(lineAt(0, 'one', 10))]
  const second = [blockOf(lineAt(0, 'two', 90), lineAt(50, 'three', 90))]
  const before = structuredClone([first, second])
  mergeReadings(first, second)
  assert.deepEqual([first, second], before)
})

test('noise lines are dropped, and the rest of their blocks is kept', () => {
  const blocks = [
    blockOf(lineAt(0, 'a sound line', 90), lineAt(30, 'l i a', 5)),
    blockOf(lineAt(60, '— | .', 90)),
    blockOf(lineAt(90, '1931', 10)),
  ]
  const kept = withoutNoise(blocks)
  assert.deepEqual(textsOf(kept), ['a sound line', '1931'])
  assert.deepEqual(
    kept.map(({ text }) => text),
    ['a sound line', '1931'],
  )
})

test('a block without noise stays the same object', () => {
  const block = blockOf(lineAt(0, 'a sound line', 90))
  assert.equal(withoutNoise([block])[0], block)
  assert.deepEqual(withoutNoise([]), [])
})
