import assert from 'node:assert/strict'
import { test } from 'node:test'
import { undoDelta, withoutDelta } from '../../../../shared/raster/decoders/xz-delta.ts'

test('differences are summed at any distance', () => {
  assert.deepEqual([...undoDelta(Buffer.from([250, 10, 20, 1]), 1)], [250, 4, 24, 25])
  assert.deepEqual([...undoDelta(Buffer.from([1, 2, 3, 4, 5, 6]), 3)], [1, 2, 3, 5, 7, 9])
})

test('a stream that is not from libtiff stays unchanged', () => {
  const other = Buffer.from('fd377a585a000004e6d6b4460200210116000000742fe5a3', 'hex')
  assert.deepEqual(withoutDelta(other), { strip: other, distance: 0 })
  assert.equal(withoutDelta(Buffer.alloc(3)).distance, 0)
})
