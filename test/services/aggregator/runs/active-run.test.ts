import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { startRun } from '../../../../services/aggregator/runs/active-run.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import { createRunEnds } from '../../../../services/aggregator/runs/run-ends.ts'
import { parseRunReport, readProgress } from '../../../../services/cli/ingest/follow.ts'
import { makeCommandScene } from '../../../helpers/processes/command-scene.ts'
import { firstPass, rowOf } from '../../../helpers/ledger/ledger.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeRecording } from '../../../helpers/ledger/recording.ts'
import { makeRequest, pageReport } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const setUp = (t: TestContext, names: readonly string[]) => makeCommandScene(t, redis, names)

const rejected = { code: 'corrupt_image', message: 'is corrupt' }

test('a run ends by the ledger, even if some ends were not counted', async (t) => {
  const { ledger, active, beginRun, endOf } = setUp(t, ['a.png', 'b.png'])
  await beginRun()
  const run = active.get('r1')
  assert.ok(run)
  for (const id of ledger.documents.idsInState('r1', 'planned')) {
    run.endIfDone()
    assert.equal(ledger.runs.get('r1')?.state, 'active', 'one is open')
    ledger.documents.fail(firstPass(id), 'rejected', rejected)
  }
  assert.equal(run.progress.outstanding(), 2)
  run.endIfDone()
  await endOf('r1')
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
})

test('a run does not end by its counts while the ledger has an open document', async (t) => {
  const { ledger, active, beginRun, readAll, endOf } = setUp(t, ['a.png', 'b.png'])
  await beginRun()
  const run = active.get('r1')
  assert.ok(run)
  for (const id of ledger.documents.idsInState('r1', 'planned')) {
    run.progress.ended({
      path: id,
      documentId: id,
      outcome: 'succeeded',
      pages: 1,
      confidence: 90,
      ms: 1,
      error: null,
    })
  }
  assert.equal(run.progress.outstanding(), 0)
  run.endIfDone()
  assert.equal(ledger.runs.get('r1')?.state, 'active')
  await readAll()
  await endOf('r1')
  const report = parseRunReport(ledger.runs.get('r1')?.report ?? '')
  assert.deepEqual([report.outcomes, report.unsettled], [{ succeeded: 2 }, { count: 0, paths: [] }])
})

test('a cancelled run counts a document that is being written', async (t) => {
  const scene = setUp(t, ['a.png', 'b.png'])
  const { ledger, active, beginRun, handle, publisher, listeners } = scene
  await beginRun()
  const run = active.get('r1')
  assert.ok(run)
  const [id = ''] = ledger.documents.idsInState('r1', 'planned')
  const report = pageReport({ jobId: rowOf(ledger, id).jobId, documentId: id })
  ledger.transaction(() => createRecorder(ledger, () => undefined)([report]))
  const cancelling = handle({ kind: 'cancelRun', runId: 'r1' })
  await waitFor('the other is cancelled', () => run.progress.outstanding() === 1)
  const { written } = await publisher.publish([id])
  listeners.onFinal(written)
  await cancelling
  const { outcomes, open } = parseRunReport(ledger.runs.get('r1')?.report ?? '')
  assert.deepEqual([outcomes, open], [{ succeeded: 1, cancelled: 1 }, 0])
})

test('a document that fails while its run is being paused is planned again', async (t) => {
  const { ledger, active, beginRun, pathsOf } = setUp(t, ['a.png', 'b.png'])
  await beginRun()
  const run = active.get('r1')
  assert.ok(run)
  const pause = {
    rule: 'in_a_row' as const,
    code: 'engine_failed',
    failures: 50,
    of: 61,
    example: null,
    message: 'paused after 50 failures in a row (engine_failed)',
    cure: 'check the language data, then resume the run',
  }
  const [id = ''] = ledger.documents.idsInState('r1', 'planned')
  run.progress.putBack = () => {
    ledger.documents.fail(firstPass(id), 'failed', { code: pause.code, message: 'exited' })
  }
  await run.pause(pause, (code) => code === pause.code)
  assert.equal(ledger.runs.get('r1')?.state, 'paused')
  assert.deepEqual(pathsOf('planned'), ['a.png', 'b.png'])
})

/** A run whose planner fails with these errors, one each time, and then has nothing to plan. */
async function runWith(t: TestContext, errors: Error[]) {
  const recording = makeRecording(t, redis)
  const { ledger, keys } = recording
  const announcer = {
    documentFinal: () => undefined,
    runsAtATime: () => 3,
    tellRest: async () => undefined,
    runEnded: () => undefined,
  }
  const ends = createRunEnds({ ...recording, announcer, log: silent })
  ledger.runs.add(makeRequest({ out: makeFolder(t) }), 'fp')
  const run = ledger.runs.getFolder('r1')
  assert.ok(run)
  const ended = Promise.withResolvers<string>()
  let times = 0
  startRun(
    {
      ...recording,
      ends,
      pdfPasswordOf: async () => undefined,
      async plan(_run, progress) {
        progress.seen(3)
        const error = errors[times]
        times += 1
        if (error !== undefined) throw error
        progress.planningDone()
      },
      onEnd: ended.resolve,
      log: silent,
      outages: silent,
      planAgainMs: 1,
    },
    run,
  )
  await ended.promise
  const progress = await readProgress(redis, keys, 'r1')
  return { times, progress, report: parseRunReport(ledger.runs.get('r1')?.report ?? '') }
}

test('planning waits for a full disk and a full Redis, and restarts its counts', async (t) => {
  const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  const oom = Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."), {
    name: 'ReplyError',
  })
  const { times, progress, report } = await runWith(t, [noSpace, oom])
  assert.deepEqual([times, progress?.state, progress?.seen], [3, 'finished', 3])
  assert.equal(report.error, undefined)
})

test('an internal error in planning rejects the run with its message', async (t) => {
  const { times, progress, report } = await runWith(t, [new Error('a mistake')])
  assert.deepEqual([times, progress?.state], [1, 'refused'])
  assert.deepEqual(progress?.error, { code: 'internal', message: 'planning failed: a mistake' })
  assert.deepEqual([report.state, report.error], ['interrupted', progress.error])
})

test('the progress of a run expires without an aggregator, and stays for a day after its end', async (t) => {
  const { keys, active, beginRun, readAll, endOf } = setUp(t, ['a.png'])
  await beginRun()
  const ttlOf = () => redis.ttl(keys.progress('r1'))
  await waitFor('it is told', async () => (await ttlOf()) > 0)
  assert.ok((await ttlOf()) <= 15)
  assert.ok(active.has('r1'))
  await readAll()
  await endOf('r1')
  assert.ok((await ttlOf()) > 3_600)
})
