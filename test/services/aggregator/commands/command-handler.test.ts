import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { rowOf } from '../../../helpers/ledger/ledger.ts'
import { makeCommandScene } from '../../../helpers/processes/command-scene.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  makeAcceptance,
  makeRequest,
  pageReport,
  uploadOf,
  uploadReport,
} from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const setUp = (t: TestContext, names: readonly string[] = []) => makeCommandScene(t, redis, names)

test('a start command is passed to the run starter', async (t) => {
  const { handle, started } = setUp(t)
  await handle({ kind: 'start', request: makeRequest({ runId: 'r7' }) })
  assert.deepEqual(started, ['r7'])
})

test('an active run is interrupted, and an unknown one is ignored', async (t) => {
  const { handle, ledger, beginRun, ended } = setUp(t, ['a.png'])
  await beginRun()
  await handle({ kind: 'interrupt', runId: 'unknown' })
  await handle({ kind: 'interrupt', runId: 'r1' })
  assert.deepEqual(ended, [['r1', 'interrupted']])
  assert.equal(ledger.documents.countOpen('r1'), 1, 'a later run reads it')
})

test('an open run that is not resumed yet after a restart is interrupted', async (t) => {
  const { handle, ledger, root, out, ended } = setUp(t, ['a.png'])
  ledger.runs.add(makeRequest({ root, out }), 'fp')
  await handle({ kind: 'interrupt', runId: 'r1' })
  assert.deepEqual(ended, [['r1', 'interrupted']])
  assert.match(ledger.runs.get('r1')?.report ?? '', /"state":"interrupted"/)
})

test('an open run that is not resumed yet after a restart is cancelled with its documents', async (t) => {
  const { handle, ledger, runs, beginRun, outcomes, ended } = setUp(t, ['a.png'])
  await beginRun()
  await runs.stop()
  await handle({ kind: 'cancelRun', runId: 'r1' })
  assert.deepEqual(outcomes(), { cancelled: 1 })
  assert.deepEqual(ended, [['r1', 'cancelled']])
  assert.equal(ledger.documents.countOpen('r1'), 0)
})

test('retries are ignored in a folder with an open run after a restart', async (t) => {
  const { handle, ledger, root, out, beginRun, readAll, endOf, outcomes } = setUp(t, ['bad.png'])
  await beginRun()
  await readAll()
  await endOf('r1')
  ledger.runs.add(makeRequest({ runId: 'r2', root, out }), 'fp')
  await handle({ kind: 'retryRun', runId: 'r1' })
  assert.deepEqual(outcomes(), { rejected: 1 })
})

test('a cancelled folder run keeps its finished documents and cancels the others', async (t) => {
  const { handle, ledger, queue, absorb, beginRun, ended, outcomes } = setUp(t, ['a.png', 'b.png'])
  await beginRun()
  const [first, second] = ledger.documents
    .idsInState('r1', 'planned')
    .map((id) => rowOf(ledger, id))
  assert.ok(first && second)
  await absorb([pageReport({ jobId: first.jobId, documentId: first.id })])
  await handle({ kind: 'cancelRun', runId: 'r1' })
  assert.deepEqual(outcomes(), { succeeded: 1, cancelled: 1 })
  assert.deepEqual(ended, [['r1', 'cancelled']])
  assert.equal(ledger.runs.get('r1')?.state, 'cancelled')
  assert.match(ledger.runs.get('r1')?.report ?? '', /"cancelled":1/)
  assert.deepEqual(await queue.present([second.jobId]), new Set())
})

test('a cancelled upload keeps its finished documents and cancels the others', async (t) => {
  const { handle, ledger, absorb } = setUp(t)
  const acceptance = makeAcceptance(['one', 'two'])
  await absorb([acceptance, uploadReport(acceptance)])
  await handle({ kind: 'cancelRun', runId: 'u1' })
  assert.equal(rowOf(ledger, uploadOf('one')).outcome, 'succeeded')
  assert.equal(rowOf(ledger, uploadOf('two')).outcome, 'cancelled')
})

test('a single document can be cancelled, and its run continues', async (t) => {
  const { handle, ledger, beginRun, readAll, endOf, ended, outcomes } = setUp(t, ['a.png', 'b.png'])
  await beginRun()
  const [id = ''] = ledger.documents.idsInState('r1', 'planned')
  await handle({ kind: 'cancelDocument', documentId: id })
  await handle({ kind: 'cancelDocument', documentId: id })
  await readAll()
  await endOf('r1')
  assert.deepEqual(outcomes(), { cancelled: 1, succeeded: 1 })
  assert.deepEqual(ended, [['r1', 'finished']])
})

test('deleting a document twice is idempotent', async (t) => {
  const { handle, ledger, absorb, announcer } = setUp(t)
  const acceptance = makeAcceptance(['one'])
  await absorb([acceptance, uploadReport(acceptance)])
  const documentId = uploadOf('one')
  const told: unknown[] = []
  announcer.tellRest = async () => void told.push(ledger.documents.get(documentId)?.state)
  await handle({ kind: 'deleteDocument', documentId })
  assert.deepEqual(told, ['final'], 'webhooks are notified before the deletion')
  await handle({ kind: 'deleteDocument', documentId })
  assert.equal(ledger.documents.get(documentId), undefined)
})

test('webhooks are added and removed, and a redelivery is due at once', async (t) => {
  const { handle, ledger, wakes } = setUp(t)
  const webhook = {
    id: 'h1',
    url: 'https://example.org',
    events: ['run.finished' as const],
    tag: null,
    secret: 'a secret',
    createdAt: '2026-01-01T00:00:00.000Z',
  }
  await handle({ kind: 'addWebhook', webhook })
  await handle({ kind: 'addWebhook', webhook })
  assert.deepEqual(ledger.webhooks.list(), [webhook])
  const delivery = { id: 'e1', webhookId: 'h1', event: 'run.finished', payload: '{}' } as const
  ledger.webhooks.addDelivery({ ...delivery, createdAt: 1 })
  const made = { at: 2, status: 500, error: null, next: { state: 'failed' } } as const
  ledger.webhooks.recordAttempts(new Map([['e1', made]]))
  await handle({ kind: 'redeliver', webhookId: 'h1', deliveryId: 'e1' })
  assert.equal(ledger.webhooks.delivery('e1')?.state, 'due')
  assert.equal(wakes(), 1)
  await handle({ kind: 'removeWebhook', webhookId: 'h1' })
  await handle({ kind: 'removeWebhook', webhookId: 'h1' })
  assert.deepEqual(ledger.webhooks.list(), [])
})
