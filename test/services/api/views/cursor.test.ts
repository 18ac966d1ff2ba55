import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fromCursor,
  fromIsoCursor,
  toCursor,
  toPage,
} from '../../../../services/api/views/cursor.ts'
import { InvalidRequest } from '../../../../services/api/http/problem.ts'

test('a cursor encodes its position', () => {
  const place = { time: 1_700_000_000_123, id: 'd1' }
  assert.deepEqual(fromCursor(toCursor(place)), place)
  const isoPlace = { time: '2026-01-01T00:00:00.000Z', id: 'r1' }
  assert.deepEqual(fromIsoCursor(toCursor(isoPlace)), isoPlace)
  assert.equal(fromCursor(undefined), undefined)
})

test('an invalid cursor is rejected', () => {
  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url')
  const wrong = [
    'nonsense',
    '',
    encode(null),
    encode({}),
    encode({ time: 1 }),
    encode({ time: 1, id: 'a', more: 1 }),
    encode({ time: 1.5, id: 'a' }),
    encode({ time: -1, id: 'a' }),
    encode({ time: 1e300, id: 'a' }),
    encode({ time: 'x', id: 'a' }),
  ]
  for (const cursor of wrong) assert.throws(() => fromCursor(cursor), InvalidRequest, cursor)
  assert.throws(() => fromIsoCursor(encode({ time: 1, id: 'a' })), InvalidRequest)
})

test('a page has a next cursor only if there is more', () => {
  const placeOf = (time: number) => ({ time, id: 'a' })
  assert.deepEqual(toPage([3, 2], 2, placeOf), { entries: [3, 2], nextCursor: null })
  assert.deepEqual(toPage([], 2, placeOf), { entries: [], nextCursor: null })
  const { entries, nextCursor } = toPage([3, 2, 1], 2, placeOf)
  assert.deepEqual([entries, fromCursor(nextCursor ?? '')], [[3, 2], { time: 2, id: 'a' }])
})
