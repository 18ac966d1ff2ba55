import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { canaryStage, judgeCanaries } from '../../../../services/aggregator/progress/canary.ts'
import { createSampler, surveyFolder } from '../../../../services/aggregator/planning/survey.ts'
import { documentIdOf } from '../../../../services/aggregator/planning/plan-file.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { makeRun } from '../../../helpers/ledger/records.ts'

/** A run of which the ledger holds these documents: `bad…` failed, `open…` are planned, the others are empty. */
function setUp(t: TestContext, ids: readonly string[], given: Partial<FolderRequest> = {}) {
  const ledger = makeLedger(t)
  const run = makeRun({ canary: 4, ...given })
  ledger.runs.add(run.request, 'fp')
  for (const id of ids) {
    ledger.documents.plan(makePlan(id))
    if (id.startsWith('open')) continue
    if (id.startsWith('bad')) {
      ledger.documents.fail(firstPass(id), 'rejected', { code: 'unsupported_type', message: 'no' })
    } else {
      ledger.documents.setRead(firstPass(id), { outcome: 'empty', error: null, worker: 'w' }, null)
      ledger.documents.settle(firstPass(id), {})
    }
  }
  return { ledger, run }
}

const stageOf = (t: TestContext, ids: readonly string[]) => {
  const { ledger, run } = setUp(t, ids)
  return canaryStage(ledger, run).stage
}

test('the canary progress of a run is in the ledger', (t) => {
  assert.equal(stageOf(t, []), 'new')
  assert.equal(stageOf(t, ['a', 'open1']), 'begun')
  assert.equal(stageOf(t, ['a', 'b', 'c', 'bad1']), 'passed')
  assert.equal(stageOf(t, ['a', 'open1', 'open2', 'open3', 'open4']), 'passed')
  const { ledger, run } = setUp(t, ['open1'])
  assert.deepEqual(canaryStage(ledger, run), { stage: 'begun', paths: new Set(['open1.png']) })
})

test('more than half of the canaries failing pauses the run, for any failure; the share is configurable', (t) => {
  const two = setUp(t, ['a', 'b', 'bad1', 'bad2'])
  assert.equal(judgeCanaries(two.ledger, two.run, true), undefined)
  const three = setUp(t, ['a', 'bad1', 'bad2', 'bad3'])
  const trip = judgeCanaries(three.ledger, three.run, true)
  assert.deepEqual([trip?.rule, trip?.failures, trip?.of], ['canary', 3, 4])
  const strict = setUp(t, ['a', 'b', 'bad1', 'bad2'], { maxFailures: { inARow: 50, share: 0.25 } })
  assert.equal(judgeCanaries(strict.ledger, strict.run, true)?.failures, 2)
  const off = setUp(t, ['a', 'bad1', 'bad2', 'bad3'], { maxFailures: { inARow: 0, share: 1 } })
  assert.equal(judgeCanaries(off.ledger, off.run, true)?.failures, 3)
})

test('a sample is spread evenly over a series of any length', () => {
  for (const length of [0, 3, 5, 10, 11, 999, 100_000]) {
    const sampler = createSampler<number>(5)
    for (let index = 0; index < length; index += 1) sampler.add(index)
    const taken = sampler.take()
    assert.equal(taken.length, Math.min(5, length))
    const gaps = taken.slice(1).map((value, index) => value - (taken[index] ?? 0))
    assert.ok(
      gaps.every((gap) => gap > 0 && gap <= Math.max(1, length / 2.4)),
      `${length}: ${taken.join(' ')}`,
    )
  }
})

test('a survey counts and samples only unread files', async (t) => {
  const { ledger, run } = setUp(t, [])
  const found = Array.from({ length: 50 }, (_, index) => ({
    path: `${index}.png`,
    stat: '10-1-1',
    changedMsAgo: 60_000,
  }))
  const known = makePlan(documentIdOf(run, '0.png'), {
    path: '0.png',
    stat: '10-1-1',
    runId: 'r0',
  })
  ledger.documents.plan(known)
  ledger.documents.setRead(known, { outcome: 'empty', error: null, worker: 'w' }, null)
  ledger.documents.settle(known, {})
  const { signal } = new AbortController()
  const options = { size: 10, recentMs: 2_000, isWanted: () => true, signal }
  const problem = { path: 'x', problem: { code: 'not_found', message: 'is not there' } } as const
  const survey = await surveyFolder(ledger, run, [...found, problem], options)
  assert.deepEqual([survey.documents, survey.bytes, survey.sample.length], [49, 490, 10])
  assert.ok(!survey.sample.some(({ path }) => path === '0.png'))
})
