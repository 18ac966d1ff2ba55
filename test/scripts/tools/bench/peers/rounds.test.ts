import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  orderOf,
  summarise,
  type Measurement,
} from '../../../../../scripts/tools/bench/peers/rounds.ts'

const systems = ['a', 'b', 'c', 'd', 'e', 'f']

test('every system runs once per round, at varying positions and after varying predecessors', () => {
  const rounds = [1, 2, 3].map((round) => orderOf(systems, round, 3))
  assert.deepEqual(rounds, [
    ['a', 'b', 'c', 'd', 'e', 'f'],
    ['b', 'a', 'f', 'e', 'd', 'c'],
    ['e', 'f', 'a', 'b', 'c', 'd'],
  ])
  assert.deepEqual(orderOf(['only'], 7, 9), ['only'])
  for (const round of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    assert.deepEqual(orderOf(systems, round, 9).toSorted(), systems)
  }
})

const measured = (
  system: string,
  round: number,
  seconds: number,
  f1: number,
  more: Partial<Measurement> = {},
): Measurement => ({
  system,
  round,
  seconds,
  f1,
  cer: 10,
  cpuSeconds: 2 * seconds,
  peakBytes: 100e6,
  failures: 0,
  ...more,
})

test('ratios are taken within each round, so that a slow round slows both sides', () => {
  const measurements = [
    measured('ours', 1, 20, 86, { reportedSeconds: 14 }),
    measured('pool', 1, 10, 82),
    measured('ours', 2, 60, 86, { reportedSeconds: 58 }),
    measured('pool', 2, 40, 83),
    measured('ours', 3, 14, 87, { reportedSeconds: 11, failures: 2 }),
    measured('pool', 3, 10, 82),
  ]
  const [ours, pool] = summarise(measurements, ['ours', 'pool'], 'pool', 20)
  assert.ok(ours !== undefined && pool !== undefined)
  assert.equal(ours.times, 1.5)
  assert.equal(ours.reportedTimes, 1.4)
  assert.equal(ours.f1Gain, 4)
  assert.equal(ours.seconds, 20)
  assert.equal(ours.pagesPerSecond, 1)
  assert.equal(ours.cpuSecondsPerPage, 2)
  assert.equal(ours.failures, 2)
  assert.deepEqual([pool.times, pool.f1Gain, pool.reportedSeconds], [1, 0, undefined])
})
