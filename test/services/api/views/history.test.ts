import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tally } from '../../../../services/ledger/queries/tallies.ts'
import { beginOf, toHistory } from '../../../../services/api/views/history.ts'

const now = Date.parse('2026-03-01T09:30:30.000Z')
const minuteOf = (time: string): number => Date.parse(`2026-03-01T${time}Z`) / 60_000
const pagesAt = (time: string, count: number, outcome = 'succeeded'): Tally => ({
  minute: minuteOf(time),
  kind: 'page',
  outcome,
  count,
})
const documentsAt = (time: string, count: number, outcome: string): Tally => ({
  ...pagesAt(time, count, outcome),
  kind: 'document',
})

test('an hour has sixty minutes, the last one is running', () => {
  const tallies = [pagesAt('08:31:00', 60), pagesAt('09:29:00', 120), pagesAt('09:30:00', 60)]
  const { stepSeconds, points, sum } = toHistory(tallies, 'hour', now)
  assert.equal(stepSeconds, 60)
  assert.equal(points.length, 60)
  assert.equal(beginOf('hour', now), minuteOf('08:31:00'))
  const shown = points.map(({ at, pagesPerSecond }) => [at.slice(11, 16), pagesPerSecond])
  assert.deepEqual(shown[0], ['08:31', 1])
  assert.deepEqual(shown[1], ['08:32', 0])
  assert.deepEqual(shown.slice(-2), [
    ['09:29', 2],
    ['09:30', 2], // 60 pages in 30 seconds
  ])
  assert.equal(sum.pages, 240)
  assert.equal(sum.pagesPerSecond, Math.round((240 / 3_570) * 10_000) / 10_000)
})

test('the first moment of a minute does not show one batch as a peak', () => {
  const begun = Date.parse('2026-03-01T09:30:00.100Z')
  const { points } = toHistory([pagesAt('09:30:00', 30)], 'hour', begun)
  assert.equal(points.at(-1)?.pagesPerSecond, 2)
})

test('a day has steps of five minutes, which begin at whole ones', () => {
  const { stepSeconds, points } = toHistory([pagesAt('09:27:00', 300)], 'day', now)
  assert.equal(stepSeconds, 300)
  assert.equal(points.length, 288)
  assert.equal(points[0]?.at, '2026-02-28T09:35:00.000Z')
  assert.deepEqual(
    points.slice(-2).map(({ at, pages }) => [at, pages]),
    [
      ['2026-03-01T09:25:00.000Z', 300],
      ['2026-03-01T09:30:00.000Z', 0],
    ],
  )
})

test('the error rate counts failed documents among the ended ones, and no cancelled ones', () => {
  const tallies = [
    documentsAt('09:00:00', 6, 'succeeded'),
    documentsAt('09:00:00', 1, 'partial'),
    documentsAt('09:00:00', 1, 'rejected'),
    documentsAt('09:00:00', 4, 'cancelled'),
    pagesAt('09:00:00', 2, 'timeout'),
  ]
  const { points, sum } = toHistory(tallies, 'hour', now)
  const { documents, failedDocuments, errorRate, pages, failedPages, outcomes } = sum
  assert.deepEqual([documents, failedDocuments, errorRate], [8, 2, 0.25])
  assert.deepEqual([pages, failedPages], [0, 2])
  assert.deepEqual(outcomes, { succeeded: 6, partial: 1, rejected: 1, cancelled: 4 })
  assert.equal(points.at(-1)?.errorRate, null)
})

test('minutes of a clock that was ahead are not shown', () => {
  assert.equal(toHistory([pagesAt('11:00:00', 5)], 'hour', now).sum.pages, 0)
})
