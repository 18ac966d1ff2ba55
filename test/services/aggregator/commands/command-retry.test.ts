import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { writeOld } from '../../../helpers/folder.ts'
import { rowOf } from '../../../helpers/ledger/ledger.ts'
import { makeCommandScene } from '../../../helpers/processes/command-scene.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  failedReport,
  makeAcceptance,
  uploadOf,
  uploadReport,
} from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const setUp = (t: TestContext, names: readonly string[] = []) => makeCommandScene(t, redis, names)

test('a retried folder run reads failed and cancelled documents again, and nothing else', async (t) => {
  const names = ['a.png', 'bad1.png', 'bad2.png', 'c.png']
  const { handle, ledger, beginRun, isPlanned, readAll, endOf, began, ended, ...rest } = setUp(
    t,
    names,
  )
  await beginRun()
  const planned = ledger.documents.idsInState('r1', 'planned')
  const cancelled = planned.find((id) => rowOf(ledger, id).path === 'c.png') ?? ''
  await handle({ kind: 'cancelDocument', documentId: cancelled })
  await readAll()
  await endOf('r1')
  assert.deepEqual(rest.outcomes(), { succeeded: 1, rejected: 2, cancelled: 1 })

  await handle({ kind: 'retryRun', runId: 'r1' })
  assert.deepEqual(began, ['r1', 'r1'])
  assert.deepEqual(rest.pathsOf('planned'), ['bad1.png', 'bad2.png', 'c.png'])
  await isPlanned()
  const jobs = ledger.documents.jobsIn('r1', 'planned')
  assert.deepEqual(await rest.queue.present(jobs), new Set(jobs))
  assert.equal(rest.active.get('r1')?.progress.outstanding(), 3)
  await readAll()
  await endOf('r1')
  assert.deepEqual(rest.outcomes(), { succeeded: 2, rejected: 2 })
  assert.deepEqual(ended, [
    ['r1', 'finished'],
    ['r1', 'finished'],
  ])
})

test('a single failed document of a folder can be retried', async (t) => {
  const { handle, ledger, beginRun, isPlanned, readAll, endOf, ...rest } = setUp(t, [
    'bad1.png',
    'bad2.png',
  ])
  await beginRun()
  const [id = ''] = ledger.documents.idsInState('r1', 'planned')
  await readAll()
  await endOf('r1')
  await handle({ kind: 'retryDocument', documentId: id })
  await handle({ kind: 'retryDocument', documentId: id })
  assert.deepEqual(rest.began, ['r1', 'r1'])
  assert.deepEqual(ledger.documents.idsInState('r1', 'planned'), [id])
  assert.equal(rowOf(ledger, id).pass, 2)
  await isPlanned()
  await readAll()
  await endOf('r1')
  assert.deepEqual(rest.outcomes(), { rejected: 2 })
})

test('documents of a folder are not retried while a run uses it', async (t) => {
  const { handle, ledger, beginRun, readAll, endOf, began, ...rest } = setUp(t, [
    'a.png',
    'bad.png',
  ])
  await beginRun()
  await readAll()
  await endOf('r1')
  const [failed] = ledger.documents.failedIn('r1')
  writeOld(join(rest.root, 'new.png'))
  await beginRun('r2')
  await handle({ kind: 'retryDocument', documentId: failed?.id ?? '' })
  await handle({ kind: 'retryRun', runId: 'r1' })
  assert.deepEqual(began, ['r1', 'r2'])
  assert.equal(rowOf(ledger, failed?.id ?? '').state, 'final')
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
})

test('a run whose failed files are gone is not reopened', async (t) => {
  const { handle, ledger, root, beginRun, readAll, endOf, began } = setUp(t, ['bad.png'])
  await beginRun()
  await readAll()
  await endOf('r1')
  rmSync(join(root, 'bad.png'))
  await handle({ kind: 'retryRun', runId: 'r1' })
  assert.deepEqual(began, ['r1'])
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
})

test('failed documents of an upload are requeued, and the upload is reopened', async (t) => {
  const { handle, ledger, queue, absorb, began } = setUp(t)
  const acceptance = makeAcceptance(['one', 'two', 'three'])
  const [, two, three] = acceptance.documents
  assert.ok(two && three)
  await absorb([acceptance, uploadReport(acceptance), failedReport(two)])
  await handle({ kind: 'cancelDocument', documentId: three.documentId })
  ledger.runs.end('u1', 'finished', null)
  await handle({ kind: 'retryRun', runId: 'u1' })
  await handle({ kind: 'retryRun', runId: 'u1' })
  const again = [two, three].map(({ documentId }) => rowOf(ledger, documentId))
  assert.deepEqual(
    again.map(({ state, pass }) => [state, pass]),
    [
      ['planned', 2],
      ['planned', 2],
    ],
  )
  const jobs = again.map(({ jobId }) => jobId)
  assert.deepEqual(await queue.present(jobs), new Set(jobs))
  assert.equal(rowOf(ledger, uploadOf('one')).outcome, 'succeeded')
  assert.equal(ledger.runs.get('u1')?.state, 'active')
  assert.deepEqual(began, [], 'nothing is walked for it')
})

test('finished, open, expired and unknown documents are not retried', async (t) => {
  const { handle, ledger, absorb } = setUp(t)
  const acceptance = makeAcceptance(['read', 'open', 'expired'])
  const [, , expired] = acceptance.documents
  assert.ok(expired)
  await absorb([acceptance, uploadReport(acceptance), failedReport(expired)])
  ledger.documents.expire(expired.documentId)
  const ids = ['read', 'open', 'expired'].map(uploadOf)
  const before = ids.map((id) => rowOf(ledger, id))
  for (const documentId of [...ids, 'unknown']) await handle({ kind: 'retryDocument', documentId })
  await handle({ kind: 'retryRun', runId: 'u1' })
  await handle({ kind: 'retryRun', runId: 'unknown' })
  assert.deepEqual(
    ids.map((id) => rowOf(ledger, id)),
    before,
  )
})
