import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createArrivals } from '../../../../../services/cli/ingest/watch/arrivals.ts'

const make = () => createArrivals({ settleMs: 3_000, retriesMs: [10_000, 60_000] })
const file = (path: string, key = '1') => ({ path, key })
const paths = (files: readonly { path: string }[]) => files.map(({ path }) => path)

test('a file is ready when it has not changed for the time to settle', () => {
  const arrivals = make()
  arrivals.see([file('a', '1')], 0, true)
  assert.deepEqual(arrivals.settled(2_999, 10), [])
  arrivals.see([file('a', '2')], 2_999, true)
  assert.deepEqual(arrivals.settled(5_998, 10), [], 'it has grown')
  arrivals.see([file('a', '2')], 5_000, true)
  assert.deepEqual(arrivals.settled(5_999, 10), [file('a', '2')])
  arrivals.postpone('a', 5_999)
  assert.deepEqual(arrivals.settled(8_998, 10), [])
  assert.equal(arrivals.nextIn(8_000), 999)
})

test('each state of a file is read once', () => {
  const arrivals = make()
  arrivals.see([file('a'), file('b')], 0, true)
  assert.deepEqual(paths(arrivals.settled(3_000, 1)), ['a'])
  arrivals.settle(file('a'))
  arrivals.see([file('a'), file('b')], 4_000, true)
  assert.deepEqual(paths(arrivals.settled(9_000, 10)), ['b'])
  arrivals.see([file('a', '2'), file('b')], 9_000, true)
  assert.deepEqual(arrivals.settled(12_000, 10), [file('b'), file('a', '2')])
})

test('a failed file is tried again after a while, and is done after the last attempt', () => {
  const arrivals = make()
  arrivals.see([file('a')], 0, true)
  assert.equal(arrivals.fail(file('a'), 3_000), true)
  arrivals.see([file('a')], 4_000, true)
  assert.deepEqual(arrivals.settled(100_000, 10), [])
  assert.deepEqual([paths(arrivals.due(12_999, 10)), paths(arrivals.due(13_000, 10))], [[], ['a']])
  assert.equal(arrivals.fail(file('a'), 13_000), true)
  assert.equal(arrivals.nextIn(13_000), 60_000)
  assert.equal(arrivals.fail(file('a'), 73_000), false)
  arrivals.see([file('a')], 80_000, true)
  assert.deepEqual([arrivals.due(1e9, 10), arrivals.settled(1e9, 10)], [[], []])
  arrivals.see([file('a', '2')], 90_000, true)
  assert.deepEqual(paths(arrivals.settled(93_000, 10)), ['a'], 'it was replaced')
})

test('nothing is remembered of files that are gone, unless a part of the folder could not be seen', () => {
  const arrivals = make()
  for (let round = 0; round < 100; round += 1) {
    const files = Array.from({ length: 50 }, (_, at) => file(`${round}-${at}`))
    arrivals.see(files, round * 1_000, true)
    for (const one of files.slice(0, 20)) arrivals.settle(one)
    for (const one of files.slice(20, 30)) arrivals.fail(one, round * 1_000)
    assert.equal(arrivals.size(), 50)
  }
  arrivals.see([], 200_000, false)
  assert.equal(arrivals.size(), 50)
  arrivals.see([], 200_000, true)
  assert.deepEqual([arrivals.size(), arrivals.nextIn(200_000)], [0, Infinity])
})
