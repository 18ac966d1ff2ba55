import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../../../services/aggregator/results/pace.ts'

/** A pace whose clock is set by the test; it starts at 1 000 s. */
function setUp() {
  let seconds = 1_000
  const pace = createPace(() => seconds * 1_000)
  return { pace, at: (since: number): void => void (seconds = 1_000 + since) }
}

test('only work of the last minute counts', () => {
  const { pace, at } = setUp()
  for (const [since, count] of [
    [10, 4],
    [50, 3],
    [52, 2],
    [90, 1],
  ] as const) {
    at(since)
    pace.add(count)
  }
  at(100)
  assert.equal(pace.perMinute(), 6)
  at(200)
  assert.equal(pace.perMinute(), 0)
})

test('a new process reports its pace so far', () => {
  const { pace, at } = setUp()
  assert.equal(pace.perMinute(), 0)
  at(20)
  pace.add(5)
  assert.equal(pace.perMinute(), 15)
  at(30)
  assert.equal(pace.perMinute(), 10)
})

test('one page in the first moment does not extrapolate to thousands', () => {
  const { pace, at } = setUp()
  at(0.001)
  pace.add(1)
  assert.equal(pace.perMinute(), 12)
})
