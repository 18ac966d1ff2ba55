import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createBreaker,
  type ReadingOutcome,
  type Trip,
} from '../../../../services/aggregator/progress/breaker.ts'
import { toPause } from '../../../../services/aggregator/progress/pause-text.ts'
import { defaultMaxFailures, parseMaxFailures } from '../../../../shared/contract/max-failures.ts'

const failed = (code: string, documentId = 'd1'): ReadingOutcome => ({
  runId: 'r1',
  documentId,
  page: null,
  error: { code, message: 'for a reason' },
})
const read: ReadingOutcome = { runId: 'r1', documentId: 'd0', page: 1, error: null }

/** Gives a breaker these readings in sequence, and returns its verdict on the last. */
function feed(breaker: ReturnType<typeof createBreaker>, count: number, reading: ReadingOutcome) {
  let trip: Trip | undefined
  for (let index = 0; index < count; index += 1) trip = breaker(reading)
  return trip
}

test('consecutive service failures trip the breaker, and a finished page resets the count', () => {
  const breaker = createBreaker({ inARow: 5, share: 1 })
  assert.equal(feed(breaker, 4, failed('engine_failed')), undefined)
  assert.equal(breaker(read), undefined)
  assert.equal(feed(breaker, 4, failed('engine_failed')), undefined)
  const trip = breaker(failed('engine_crash', 'd9'))
  assert.deepEqual([trip?.rule, trip?.failures], ['in_a_row', 5])
  assert.deepEqual(
    [...(trip?.codes ?? [])].map(([code, { count }]) => [code, count]),
    [
      ['engine_failed', 4],
      ['engine_crash', 1],
    ],
  )
})

test('failures of files neither count nor reset the count', () => {
  const breaker = createBreaker(defaultMaxFailures)
  for (const code of ['unsupported_type', 'corrupt_image', 'password_required', 'too_large']) {
    assert.equal(feed(breaker, 500, failed(code)), undefined, code)
  }
  assert.equal(feed(breaker, 49, failed('engine_crash')), undefined)
  breaker(failed('corrupt_pdf'))
  assert.equal(breaker(failed('engine_crash'))?.failures, 50)
})

test('a document that kills workers counts once, however many pages it has', () => {
  const breaker = createBreaker({ inARow: 3, share: 1 })
  assert.equal(feed(breaker, 1_000, failed('worker_crash', 'd1')), undefined)
  assert.equal(feed(breaker, 1_000, failed('worker_crash', 'd2')), undefined)
  assert.equal(breaker(failed('worker_crash', 'd3'))?.failures, 3)
})

test('too large a share of the first 200 attempts trips the breaker, later ones do not', () => {
  const every = (n: number, breaker: ReturnType<typeof createBreaker>, count: number) =>
    Array.from({ length: count }, (_, index) =>
      breaker(index % n === 0 ? failed('page_timeout') : read),
    ).findIndex((trip) => trip !== undefined)
  const half = () => createBreaker({ inARow: 50, share: 0.25 })
  assert.equal(every(2, half(), 200), 100, 'the 51st failure is the 101st reading')
  assert.equal(every(5, half(), 1_000), -1)
  const late = half()
  feed(late, 200, read)
  assert.equal(every(2, late, 1_000), -1)
})

test('a few slow failures suffice while nothing succeeds', () => {
  let now = 0
  const breaker = createBreaker(defaultMaxFailures, () => now)
  assert.equal(feed(breaker, 9, failed('page_timeout')), undefined)
  now = 119_000
  assert.equal(breaker(failed('page_timeout')), undefined)
  now = 121_000
  assert.equal(breaker(failed('page_timeout'))?.rule, 'in_a_row')
})

test('a disabled breaker never trips', () => {
  const breaker = createBreaker({ inARow: 0, share: 1 })
  assert.equal(feed(breaker, 10_000, failed('engine_failed')), undefined)
})

test('a limit is a count, a share, or both; an omitted part keeps its default', () => {
  assert.deepEqual(parseMaxFailures('10'), { inARow: 10, share: 0.5 })
  assert.deepEqual(parseMaxFailures('25%'), { inARow: 50, share: 0.25 })
  assert.deepEqual(parseMaxFailures('7,100%'), { inARow: 7, share: 1 })
  assert.deepEqual(parseMaxFailures('0'), { inARow: 0, share: 1 })
  for (const text of ['', '%', '-1', '101%', '5,5', '1.5', 'many']) {
    assert.equal(parseMaxFailures(text), undefined, text)
  }
})

test('a pause names the most frequent code, its share, a file and a cure', () => {
  const breaker = createBreaker({ inARow: 4, share: 1 })
  breaker(failed('engine_crash', 'd1'))
  const trip = ['d4', 'd3', 'd2'].map((id) => breaker(failed('worker_crash', id))).at(-1)
  assert.ok(trip)
  const pause = toPause(trip, (id) => `${id}.png`)
  assert.equal(pause.code, 'worker_crash')
  assert.deepEqual(pause.example, { path: 'd2.png', page: null, message: 'for a reason' })
  assert.match(
    pause.message,
    /^4 readings in a row failed \(1 engine_crash, 3 worker_crash\); for example d2\.png: /,
  )
  assert.match(pause.cure, /memory/)
})
