import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tally } from '../../../../services/ledger/queries/tallies.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { makePage } from '../../../helpers/ledger/records.ts'

const error = { code: 'engine_crash', message: 'it died' } as const
const inShort = (tallies: readonly Tally[]): string[] =>
  tallies.map(({ kind, outcome, count }) => `${kind} ${outcome} ${count}`).toSorted()
const minuteOf = (time: number): number => Math.floor(time / 60_000)

test('pages are counted once, when they are recorded, and copies of them are not', (t) => {
  const { pages, tallies } = makeLedger(t)
  const failure = { outcome: 'engine_crash', error, attempts: 3, worker: 'w1' }
  pages.putResult('d1', makePage({ page: 1 }))
  pages.putResult('d1', makePage({ page: 1 }))
  pages.putFailure('d1', { ...failure, page: 1 })
  pages.putFailure('d1', { ...failure, page: 2 })
  pages.copy('d1', 'd2')
  assert.deepEqual(inShort(tallies.totals()), ['page engine_crash 1', 'page succeeded 1'])
})

test('every document is counted when it becomes final, whichever way it ends', (t) => {
  const { documents, tallies } = makeLedger(t)
  for (const id of ['written', 'failed', 'conflict', 'open']) documents.plan(makePlan(id))
  const ending = { outcome: 'succeeded', error: null, worker: 'w1' } as const
  documents.setRead(firstPass('written'), ending, null)
  documents.setRead(firstPass('conflict'), ending, null)
  assert.deepEqual(tallies.totals(), [])
  documents.settle(firstPass('written'), {})
  documents.settle(firstPass('written'), {})
  documents.rewrite(firstPass('written'), {}, [])
  documents.fail(firstPass('failed'), 'engine_crash', error)
  documents.failOutput(firstPass('conflict'), error)
  documents.failOutput(firstPass('conflict'), error)
  assert.deepEqual(inShort(tallies.totals()), [
    'document engine_crash 1',
    'document failed 1',
    'document succeeded 1',
  ])
  const [tally] = tallies.since(minuteOf(Date.now()) - 1)
  assert.ok(tally !== undefined && tally.minute >= minuteOf(Date.now()) - 1)
  assert.deepEqual(tallies.since(minuteOf(Date.now()) + 2), [])
})

test('a transition reports its own changes, not those of the count', (t) => {
  const { documents } = makeLedger(t)
  documents.plan(makePlan('d1'))
  assert.equal(documents.fail(firstPass('d1'), 'engine_crash', error), true)
  assert.equal(documents.fail(firstPass('d1'), 'engine_crash', error), false)
})

test('minutes before the last day are folded into one row, and totals stay', (t) => {
  const ledger = makeLedger(t)
  const { pages, tallies } = ledger
  pages.putResult('d1', makePage({ page: 1 }))
  const fold = (hours: number): void =>
    ledger.transaction(() => tallies.fold(Date.now() + hours * 3_600_000))
  fold(24)
  assert.equal(tallies.since(1).length, 1)
  fold(26)
  assert.deepEqual(tallies.since(1), [])
  assert.deepEqual(inShort(tallies.totals()), ['page succeeded 1'])
  pages.putResult('d1', makePage({ page: 2 }))
  fold(26)
  assert.deepEqual(tallies.since(0), [])
  assert.deepEqual(inShort(tallies.totals()), ['page succeeded 2'])
})
