import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRefusalLimit } from '../../../services/api/http/refusal-limit.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { formOf, startApi, type Api } from '../../helpers/api/api.ts'
import { pngOf, writeOld } from '../../helpers/pages/pages.ts'
import { bearer, tokenEntry } from '../../helpers/api/tokens.ts'
import { waitFor } from '../../helpers/wait.ts'

const tokens = [
  tokenEntry('ann', 'submit+read'),
  tokenEntry('bob', 'submit+read'),
  tokenEntry('chief', 'admin'),
].join(',')

type Ending = Parameters<typeof startApi>[0]
const start = (t: Ending, given: Record<string, string> = {}): Promise<Api> =>
  startApi(t, { SCRIPTORIUM_TOKENS: tokens, ...given })

const upload = async (api: Api, by: string, seed: string, options?: object) => {
  const body = formOf([{ name: `${seed}.png`, bytes: await pngOf(seed) }], options)
  return api.call<DocumentView>('POST', '/v1/documents', { body, ...bearer(by) })
}

test('a caller changes its own documents only; admin changes all', async (t) => {
  const api = await start(t)
  api.startAggregator()
  const { body: document } = await upload(api, 'ann', 'owned')
  const { id } = document
  await api.refused(403, 'forbidden', 'POST', `/v1/documents/${id}/cancel`, bearer('bob'))
  await api.refused(403, 'forbidden', 'POST', `/v1/runs/${document.runId}/cancel`, bearer('bob'))
  assert.equal((await api.call('GET', `/v1/documents/${id}`, bearer('bob'))).status, 200)
  const cancelled = await api.call('POST', `/v1/documents/${id}/cancel`, bearer('ann'))
  assert.equal(cancelled.status, 200)
  await api.refused(403, 'forbidden', 'POST', `/v1/documents/${id}/retry`, bearer('bob'))
  await api.refused(
    403,
    'forbidden',
    'POST',
    `/v1/runs/${document.runId}/retry-failed`,
    bearer('bob'),
  )
  assert.equal((await api.call('POST', `/v1/documents/${id}/retry`, bearer('ann'))).status, 202)
  await api.read(id)
  await api.refused(403, 'forbidden', 'DELETE', `/v1/documents/${id}`, bearer('bob'))
  assert.equal((await api.call('DELETE', `/v1/documents/${id}`, bearer('ann'))).status, 204)
  const { body: other } = await upload(api, 'bob', 'owned too')
  await api.read(other.id)
  assert.equal((await api.call('DELETE', `/v1/documents/${other.id}`, bearer('chief'))).status, 204)
})

test('a document of two callers can be cancelled or deleted by neither', async (t) => {
  const api = await start(t)
  api.startAggregator()
  const { body } = await upload(api, 'ann', 'shared')
  await upload(api, 'bob', 'shared')
  const url = `/v1/documents/${body.id}`
  await waitFor(
    'both are recorded',
    () => [...api.ledger.submissions.runsOf(body.id)].flat().length === 2,
  )
  for (const by of ['ann', 'bob'])
    await api.refused(403, 'forbidden', 'POST', `${url}/cancel`, bearer(by))
  await api.fail(body.id)
  for (const by of ['ann', 'bob']) await api.refused(403, 'forbidden', 'DELETE', url, bearer(by))
  assert.equal((await api.call('POST', `${url}/retry`, bearer('bob'))).status, 202)
  await api.fail(body.id)
  assert.equal((await api.call('DELETE', url, bearer('chief'))).status, 204)
})

test('a folder run is changed by its submitter', async (t) => {
  const api = await start(t)
  api.startAggregator()
  writeOld(join(api.scans, 'a.png'), await pngOf('folder'))
  const { body } = await api.call<RunView>('POST', '/v1/runs', {
    body: { root: 'scans' },
    ...bearer('ann'),
  })
  const url = `/v1/runs/${body.id}`
  for (const action of ['cancel', 'resume', 'retry-failed', 'retry-warned']) {
    await api.refused(403, 'forbidden', 'POST', `${url}/${action}`, bearer('bob'))
  }
  assert.equal((await api.call('POST', `${url}/cancel`, bearer('ann'))).status, 200)
  await api.refused(403, 'forbidden', 'POST', `${url}/retry-failed`, bearer('bob'))
})

test('documents from before tokens belong to admin, or to the only token', async (t) => {
  const api = await startApi(t)
  api.startAggregator()
  const old = await api.call<DocumentView>('POST', '/v1/documents', {
    body: formOf([{ name: 'old.png', bytes: await pngOf('old') }]),
  })
  await api.read(old.body.id)
  const { ownership } = api.context
  assert.ok(ownership)
  const { createOwnership } = await import('../../../services/api/views/ownership.ts')
  const { createTickets } = await import('../../../services/api/state/tickets.ts')
  const of = (names: string[]) =>
    createOwnership({
      ledger: api.context.ledger,
      tickets: createTickets(api.spool),
      tokens: names,
    })
  const ann = { name: 'ann', isAdmin: false }
  const { id, runId } = old.body
  await assert.rejects(of(['ann', 'bob']).requireDocument(ann, id, 'all'), /admin/)
  assert.throws(() => of(['ann', 'bob']).requireRun(ann, api.ledger.runs.get(runId)!), /admin/)
  await of(['ann']).requireDocument(ann, id, 'all')
  of(['ann']).requireRun(ann, api.ledger.runs.get(runId)!)
  await of(['ann', 'bob']).requireDocument({ name: 'chief', isAdmin: true }, id, 'all')
})

test('a token at its share waits, and others do not', async (t) => {
  const api = await start(t, { SCRIPTORIUM_MAX_OPEN_PAGES: '3' })
  for (const seed of ['s1', 's2', 's3']) assert.equal((await upload(api, 'ann', seed)).status, 202)
  const full = await upload(api, 'ann', 's4')
  assert.deepEqual([full.status, full.body], [429, full.body])
  const { detail } = full.body as unknown as { detail: string }
  assert.match(detail, /this token has 3 unread pages, and its limit is 3/)
  assert.equal((await upload(api, 'bob', 's4')).status, 202)
  assert.equal((await upload(api, 'chief', 's5')).status, 202)
  // The same once the ledger has them, pages counted.
  api.startAggregator()
  await waitFor('they are recorded', () => api.ledger.callers.openRuns('ann', '', 10).length === 3)
  assert.equal((await upload(api, 'ann', 's6')).status, 429)
  const run = { body: { root: 'scans' }, ...bearer('ann') }
  await api.refused(429, 'queue_full', 'POST', '/v1/runs', run)
  const [row] = api.ledger.listing
    .documents({}, undefined, 10)
    .documents.filter(({ path }) => path === 's1.png')
  await api.read(row?.id ?? '')
  await waitFor('there is room', async () => (await upload(api, 'ann', 's6')).status === 202)
})

test('a caller with few open documents is admitted though others have filled the queue', async (t) => {
  const given = { SCRIPTORIUM_MAX_QUEUE: '2', SCRIPTORIUM_MAX_OPEN_PAGES: '10' }
  const api = await start(t, given)
  for (const seed of ['q1', 'q2']) assert.equal((await upload(api, 'ann', seed)).status, 202)
  await waitFor(
    'the depth is counted again',
    async () => (await upload(api, 'ann', 'q3')).status === 429,
  )
  assert.equal((await upload(api, 'bob', 'q4')).status, 202)
  assert.equal((await upload(api, 'bob', 'q5')).status, 429)
})

test('only admin can set a timeout of an hour', async (t) => {
  const api = await start(t, { SCRIPTORIUM_MAX_TIMEOUT_MS: '60000' })
  const long = { timeoutMs: 60_001 }
  const refused = await upload(api, 'ann', 'long', long)
  assert.equal(refused.status, 422)
  assert.match(refused.text, /\/options\/timeoutMs/)
  assert.equal((await upload(api, 'ann', 'long', { timeoutMs: 60_000 })).status, 202)
  assert.equal((await upload(api, 'chief', 'longer', { timeoutMs: 3_600_000 })).status, 202)
  const body = { root: 'scans', ...long }
  await api.refused(422, 'invalid_request', 'POST', '/v1/runs', { body, ...bearer('ann') })
  const source = { type: 'base64', data: (await pngOf('json')).toString('base64') }
  const json = { body: { source, options: long }, ...bearer('ann') }
  await api.refused(422, 'invalid_request', 'POST', '/v1/documents', json)
})

test('an address without a valid token is blocked for the rest of a minute', async (t) => {
  const api = await start(t, {
    SCRIPTORIUM_MAX_REFUSALS: '3',
    SCRIPTORIUM_TRUST_PROXY: '127.0.0.1',
  })
  const from = (address: string, by?: string) => ({
    headers: { 'x-forwarded-for': address, ...(by !== undefined && bearer(by).headers) },
  })
  for (const by of ['nobody', undefined, 'nobody']) {
    await api.refused(401, 'unauthenticated', 'GET', '/v1/documents', from('192.0.2.1', by))
  }
  // This comes first: neither the body nor a valid token is read.
  const body = { ...from('192.0.2.1', 'ann'), body: 'x'.repeat(100) }
  const { headers } = await api.refused(429, 'rate_limited', 'POST', '/v1/runs', body)
  assert.ok(Number(headers['retry-after']) <= 60)
  assert.equal((await api.call('GET', '/v1/documents', from('192.0.2.2', 'ann'))).status, 200)
  assert.equal((await api.call('GET', '/livez', from('192.0.2.1'))).status, 200)
})

test('refusals are counted by network, for a minute, for a limited number of addresses', () => {
  let nowMs = 0
  const limit = createRefusalLimit({ max: 2, nowMs: () => nowMs })
  for (const last of ['1', '2']) limit.add(`2001:db8:1:2::${last}`)
  assert.throws(() => limit.check('2001:db8:1:2:ffff::9'), /without a valid token/)
  assert.doesNotThrow(() => limit.check('2001:db8:1:3::1'))
  for (let index = 0; index < 2; index += 1) limit.add('::ffff:192.0.2.1')
  assert.throws(() => limit.check('::ffff:192.0.2.1'))
  assert.doesNotThrow(() => limit.check('::ffff:192.0.2.2'))
  nowMs = 60_001
  assert.doesNotThrow(() => limit.check('2001:db8:1:2::1'))
  for (let index = 0; index < 10_001; index += 1) limit.add(`10.${index >> 8}.${index & 255}.1`)
  limit.add('10.0.0.1')
  assert.doesNotThrow(() => limit.check('10.0.0.1'), 'the oldest was forgotten')
})
