import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { DocumentView, UploadView } from '../../../../services/api/schemas/document.ts'
import type { RunView } from '../../../../services/api/schemas/run.ts'
import { formOf, startApi, type Api, type Part } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { waitFor } from '../../../helpers/wait.ts'

const partOf = async (seed: string): Promise<Part> => ({
  name: `${seed}.png`,
  bytes: await pngOf(seed),
})
const show = (api: Api, id: string) => api.call<DocumentView>('GET', `/v1/documents/${id}`)

/** Sends one page. */
async function send(
  api: Api,
  seed: string,
  options?: object,
  headers: Record<string, string> = {},
): Promise<DocumentView> {
  const body = formOf([await partOf(seed)], options)
  const answer = await api.call<DocumentView>('POST', '/v1/documents', { body, headers })
  assert.ok([200, 202].includes(answer.status), answer.text)
  return answer.body
}

/** Wipes Redis right after each upload was announced. */
function forgetAlways(t: TestContext, { context }: Api): void {
  const { queue, redis } = context
  const add = queue.add.bind(queue)
  t.mock.method(queue, 'add', async (jobs: Parameters<typeof add>[0]) => {
    await add(jobs)
    await redis.flushall()
  })
}

test('a 202 names its documents, and their status survives a wiped Redis', async (t) => {
  const api = await startApi(t)
  forgetAlways(t, api)
  const body = formOf([await partOf('one'), await partOf('two')])
  const { body: upload } = await api.call<UploadView>('POST', '/v1/documents', { body })
  assert.equal(upload.documents.length, 2)
  for (const { id, name } of upload.documents) {
    const { status, body: view } = await show(api, id)
    assert.deepEqual([status, view.status, view.name], [200, 'queued', name])
    await api.refused(409, 'not_finished', 'GET', `/v1/documents/${id}/result`)
  }
  const run = await api.call<RunView>('GET', upload.links.run)
  assert.deepEqual([run.status, run.body.counts], [200, { open: 2 }])
  api.startAggregator()
  for (const { id } of upload.documents) await api.read(id)
  const ended = await waitFor('the run has ended', async () => {
    const { body: view } = await api.call<RunView>('GET', upload.links.run)
    return view.state === 'finished' && view
  })
  assert.deepEqual(ended.counts, { succeeded: 2 })
  await waitFor('no ticket is left', () => readdirSync(api.spool.tickets).length === 0)
})

test('an Idempotency-Key survives a wiped Redis', async (t) => {
  const api = await startApi(t)
  forgetAlways(t, api)
  const headers = { 'idempotency-key': 'order 66' }
  const first = await send(api, 'one', {}, headers)
  const before = await send(api, 'one', {}, headers)
  assert.deepEqual([before.id, before.runId], [first.id, first.runId])
  const other = { body: formOf([await partOf('other')]), headers }
  await api.refused(409, 'idempotency_conflict', 'POST', '/v1/documents', other)
  api.startAggregator()
  await api.read(first.id)
  await api.context.redis.flushall()
  const after = await send(api, 'one', {}, headers)
  assert.deepEqual([after.id, after.runId, after.outcome], [first.id, first.runId, 'succeeded'])
  await api.refused(409, 'idempotency_conflict', 'POST', '/v1/documents', other)
})

test('a known document is answered with its run, whatever Redis holds', async (t) => {
  const api = await startApi(t)
  const aggregator = api.startAggregator()
  const { id } = await send(api, 'one')
  await api.read(id)
  await aggregator.stop()
  forgetAlways(t, api)
  const again = await send(api, 'one', { tag: 'again' })
  assert.deepEqual([again.id, again.status], [id, 'finished'])
  assert.equal((await api.call('GET', again.links.run)).status, 200)
  api.startAggregator()
  const run = await waitFor('its run is recorded', () => api.ledger.runs.get(again.runId))
  assert.equal(run.request.labels?.tag, 'again')
})

test('a known document deleted before the upload is recorded is read again', async (t) => {
  const api = await startApi(t)
  const aggregator = api.startAggregator()
  const { id, sha256 } = await send(api, 'one')
  await api.read(id)
  await aggregator.stop()
  const again = await send(api, 'one')
  assert.equal(again.status, 'finished')
  // As a command that was given before does when the aggregator is back.
  api.ledger.documents.remove(id)
  for (const [runId = ''] of api.ledger.submissions.runsOf(id))
    api.ledger.submissions.remove(runId, id)
  api.startAggregator()
  await api.read(id)
  assert.ok(existsSync(join(api.spool.inputs, sha256 ?? '')))
  assert.equal((await show(api, id)).body.outcome, 'succeeded')
})

test('a known document that expires before the upload is recorded is read again', async (t) => {
  const api = await startApi(t)
  const aggregator = api.startAggregator()
  const { id, sha256 } = await send(api, 'one')
  await api.read(id)
  await aggregator.stop()
  assert.equal((await send(api, 'one')).status, 'finished')
  api.ledger.documents.expire(id)
  api.ledger.pages.clear(id)
  api.startAggregator()
  await api.read(id)
  assert.ok(existsSync(join(api.spool.inputs, sha256 ?? '')))
  const row = api.ledger.documents.get(id)
  assert.deepEqual([row?.pass, row?.outcome, row?.expiredAt], [2, 'succeeded', null])
})

test('an upload that Redis refuses is rolled back and never read', async (t) => {
  const api = await startApi(t)
  await api.context.redis.config('SET', 'maxmemory', '1')
  const page = await partOf('one')
  await api.refused(503, 'redis_full', 'POST', '/v1/documents', { body: formOf([page]) })
  assert.deepEqual(readdirSync(api.spool.tickets), [])
  await api.context.redis.config('SET', 'maxmemory', '0')
  api.startAggregator()
  const sha256 = hash('sha256', page.bytes)
  const { body } = await api.call<{ items: DocumentView[] }>('GET', '/v1/documents')
  assert.deepEqual(body.items, [])
  assert.ok(existsSync(join(api.spool.inputs, sha256)), 'its file goes with the orphans')
})

test('an upload whose job Redis refuses is accepted, and its job added later', async (t) => {
  const api = await startApi(t)
  const mocked = t.mock.method(api.context.queue, 'add', () =>
    Promise.reject(new Error('Connection is closed.')),
  )
  const { id } = await send(api, 'one')
  mocked.mock.restore()
  api.startAggregator()
  await waitFor('its job is there', async () => {
    const [row] = [api.ledger.documents.get(id)]
    const jobId = row?.jobId
    return jobId !== undefined && (await api.context.queue.present([jobId])).has(jobId)
  })
  await api.read(id)
})
