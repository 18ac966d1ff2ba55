import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { createRunEnds } from '../../../../services/aggregator/runs/run-ends.ts'
import { buildReport } from '../../../../services/aggregator/progress/run-report.ts'
import type { Run } from '../../../../services/ledger/runs.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { newProgress } from '../../../../shared/contract/messages/progress.ts'
import { readProgress, readReport } from '../../../../services/cli/ingest/follow.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { freeLease } from '../../../helpers/processes/lease.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeRun } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()

async function setUp(t: TestContext) {
  await redis.flushall()
  const keys = createKeys('e')
  const ledger = makeLedger(t)
  const announced: [string, string][] = []
  const announcer = {
    documentFinal: () => undefined,
    runsAtATime: () => 3,
    tellRest: async () => undefined,
    runEnded: ({ id }: Run, state: string) => void announced.push([id, state]),
  }
  const ends = createRunEnds({ ledger, lease: freeLease(redis), keys, announcer, log: silent })
  const run = makeRun()
  ledger.runs.add(run.request, run.fingerprint, run.startedAt)
  const progress = { ...newProgress('r1', run.startedAt), seen: 3, unchanged: 2 }
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.fail(firstPass('d1'), 'rejected', {
    code: 'corrupt_image',
    message: 'is corrupt',
  })
  const report = await buildReport(ledger, run, progress, 'finished')
  const told = async () => ({
    progress: await readProgress(redis, keys, 'r1'),
    report: await readReport(redis, keys, 'r1'),
  })
  return { keys, ledger, ends, run, report, told, announced }
}

test('an end is recorded once, however often it is repeated', async (t) => {
  const { ends, ledger, run, report, announced } = await setUp(t)
  ends.record(run, report)
  ends.record(run, { ...report, state: 'interrupted' })
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
  assert.deepEqual(announced, [['r1', 'finished']])
})

test('watchers receive the report of the ledger and its counts', async (t) => {
  const { ends, run, report, told } = await setUp(t)
  ends.record(run, report)
  await ends.tell('r1')
  const { progress, report: read } = await told()
  assert.deepEqual(read, report)
  assert.ok(progress)
  const { state, planned, failed, done, unchanged, seen } = progress
  assert.deepEqual(
    { state, planned, failed, done, unchanged, seen },
    { state: 'finished', planned: 1, failed: 1, done: 0, unchanged: 2, seen: 3 },
  )
})

test('an end recorded but not published is published by the next pass, once', async (t) => {
  const { ends, ledger, run, report, told } = await setUp(t)
  ends.record(run, report)
  assert.deepEqual(
    ledger.runs.unannounced().map(({ id }) => id),
    ['r1'],
  )
  await ends.tellRest()
  assert.equal((await told()).progress?.state, 'finished')
  assert.deepEqual(ledger.runs.unannounced(), [])
})

test('after Redis was wiped an end is published again at each request', async (t) => {
  const { ends, run, report, told } = await setUp(t)
  ends.record(run, report)
  await ends.tell('r1')
  await redis.flushall()
  await ends.tell('r1')
  assert.deepEqual((await told()).report, report)
})

test('an end that a full Redis refused is published once there is room', async (t) => {
  const { ends, ledger, run, report, told } = await setUp(t)
  ends.record(run, report)
  await redis.config('SET', 'maxmemory', '1')
  t.after(() => redis.config('SET', 'maxmemory', '0'))
  await ends.tellRest()
  assert.equal(ledger.runs.unannounced().length, 1)
  await redis.config('SET', 'maxmemory', '0')
  await ends.tellRest()
  assert.equal((await told()).progress?.state, 'finished')
})

test('an active run is not reported as ended, and an ended one without a report gets one', async (t) => {
  const { ends, ledger, told } = await setUp(t)
  await ends.tell('r1')
  assert.deepEqual(await told(), { progress: undefined, report: undefined })
  ledger.runs.end('r1', 'interrupted', null)
  await ends.tell('r1')
  const { progress, report } = await told()
  assert.deepEqual([progress?.state, report?.state], ['interrupted', 'interrupted'])
  assert.deepEqual(report?.outcomes, { rejected: 1 })
})

test('a run that could not be planned is published as rejected, with the reason', async (t) => {
  const { ends, run, report, told } = await setUp(t)
  const error = { code: 'internal', message: 'planning failed: no reason' }
  ends.record(run, { ...report, state: 'interrupted', error })
  await ends.tell('r1')
  const { progress } = await told()
  assert.deepEqual([progress?.state, progress?.error], ['refused', error])
})
