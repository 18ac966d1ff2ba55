import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '../../../../workers/ocr/read/judge/judge.ts'
import { unsureBoxes } from '../../../../workers/ocr/read/judge/unsure.ts'
import { blockOf, lineAt, textsOf } from './readings.ts'

test('each word is that of the surer engine, in the order of the leading one', () => {
  const first = [
    blockOf(lineAt(0, 'Cash payment', 95), lineAt(30, 'Tctal $6197', 60)),
    blockOf(lineAt(90, 'thank yau', 30)),
  ]
  const second = [
    blockOf(lineAt(90, 'thank you', 99)),
    blockOf(lineAt(0, 'Cosh poyment', 40), lineAt(30, 'Total $61.97', 99)),
  ]
  const words = ['Cash payment', 'Total $61.97', 'thank you']
  assert.deepEqual(textsOf(judge(first, second, 'first')), words)
  const [a, b, c] = words
  assert.deepEqual(textsOf(judge(first, second, 'second')), [c, a, b])
})

test("where both read the same letters, the first engine's spaces are kept", () => {
  const first = [blockOf(lineAt(0, 'Net sales', 80))]
  const second = [blockOf(lineAt(0, 'Netsales', 99))]
  assert.deepEqual(textsOf(judge(first, second, 'first')), ['Net sales'])
  assert.deepEqual(textsOf(judge(first, second, 'second')), ['Net sales'])
})

test('a line that only one engine saw is kept if it is sure, in its place', () => {
  const first = [blockOf(lineAt(0, 'top line')), blockOf(lineAt(200, 'foot of it'))]
  const second = [
    blockOf(lineAt(0, 'top line', 99)),
    blockOf(lineAt(100, 'between them', 99)),
    blockOf(lineAt(150, 'x', 99)),
    blockOf(lineAt(170, 'nowse', 5)),
    blockOf(lineAt(200, 'foot of it', 99)),
  ]
  const kept = ['top line', 'between them', 'foot of it']
  assert.deepEqual(textsOf(judge(first, second, 'first')), kept)
  assert.deepEqual(textsOf(judge(second, first, 'second')).includes('between them'), true)
})

test('words that only the second engine saw beside a line join that line', () => {
  const first = [blockOf(lineAt(0, 'Total', 95))]
  const second = [blockOf(lineAt(0, 'Total', 99), lineAt(0, '4.70', 99, 80))]
  assert.deepEqual(textsOf(judge(first, second, 'first')), ['Total 4.70'])
})

test('sure words of the first engine survive a second one that saw nothing; noise does not', () => {
  const first = [blockOf(lineAt(0, 'printed text', 95), lineAt(40, 'i, ~', 3))]
  assert.deepEqual(textsOf(judge(first, [], 'first')), ['printed text'])
  assert.deepEqual(textsOf(judge(first, [], 'second')), ['printed text'])
})

test('merging a sure reading with itself changes nothing', () => {
  const first = [blockOf(lineAt(0, 'one line'), lineAt(30, 'another line'))]
  assert.deepEqual(judge(first, structuredClone(first), 'first'), first)
})

test('a line is unsure if one of its words is', () => {
  const [sure, unsure] = [lineAt(0, 'well read', 96), lineAt(40, 'bxd llne', 30)]
  const [box, ...others] = unsureBoxes([blockOf(sure, unsure)])
  assert.equal(others.length, 0)
  assert.ok(box !== undefined && box.y0 < unsure.baseline.y0 && box.y1 > unsure.baseline.y0)
  assert.ok(box.x0 < unsure.bbox.x0 && box.x1 > unsure.bbox.x1)
})
