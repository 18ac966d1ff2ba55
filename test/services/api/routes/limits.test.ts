import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { DocumentView, UploadView } from '../../../../services/api/schemas/document.ts'
import { formOf, startApi, type Api } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { startReceiver } from '../../../helpers/api/receiver.ts'
import { waitFor } from '../../../helpers/wait.ts'

const bytes = await pngOf('limits')
const page = { name: 'page.png', bytes }
const upload = { body: formOf([page]) }

/** A JPEG as far as its first bytes go. */
const jpegOf = (length: number): Buffer => {
  const jpeg = Buffer.alloc(length)
  jpeg.write('ffd8ffe000104a46494600', 'hex')
  return jpeg
}

const nothingLeft = (api: Api) =>
  waitFor('an empty tmp', () => readdirSync(api.spool.tmp).length === 0)

test('a file above the limit is 413; beside a good one it is only rejected', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_MAX_FILE_BYTES: '5000' })
  const large = { name: 'large.jpg', bytes: jpegOf(5_001) }
  const alone = { body: formOf([large]) }
  await api.refused(413, 'upload_too_large', 'POST', '/v1/documents', alone)
  const raw = { body: large.bytes, headers: { 'content-type': 'image/jpeg' } }
  await api.refused(413, 'upload_too_large', 'POST', '/v1/documents', raw)
  const source = { type: 'base64', data: large.bytes.toString('base64') }
  await api.refused(413, 'upload_too_large', 'POST', '/v1/documents', { body: { source } })
  const both = await api.call<UploadView>('POST', '/v1/documents', { body: formOf([large, page]) })
  assert.equal(both.status, 202)
  assert.deepEqual(
    [both.body.documents.map(({ name }) => name), both.body.rejected.map(({ code }) => code)],
    [['page.png'], ['upload_too_large']],
  )
  await nothingLeft(api)
})

test('a request above the limit of bytes or files is 413 as a whole', async (t) => {
  const api = await startApi(t, {
    SCRIPTORIUM_MAX_REQUEST_BYTES: '9000',
    SCRIPTORIUM_MAX_FILES: '2',
  })
  const files = ['a.jpg', 'b.jpg'].map((name) => ({ name, bytes: jpegOf(5_000) }))
  const given = { body: formOf(files) }
  await api.refused(413, 'upload_too_large', 'POST', '/v1/documents', given)
  const many = { body: formOf([page, { ...page, name: 'b' }, { ...page, name: 'c' }]) }
  await api.refused(413, 'upload_too_large', 'POST', '/v1/documents', many)
  await nothingLeft(api)
})

test('a JSON body above its limit is 413', async (t) => {
  const api = await startApi(t)
  const source = { type: 'base64', data: 'A'.repeat(17 * 2 ** 20) }
  await api.refused(413, 'upload_too_large', 'POST', '/v1/documents', { body: { source } })
})

test('a full queue is 429 with the time that the fleet needs to make room', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_MAX_QUEUE: '1' })
  assert.equal((await api.call('POST', '/v1/documents', upload)).status, 202)
  const { redis, keys } = api.context
  const sign = { pid: 1, host: 'h', version: '1', isLedgerWritable: true, pagesPerMinute: 20 }
  await redis.set(keys.aggregator, JSON.stringify(sign))
  const full = await waitFor('the depth is counted again', async () => {
    const answer = await api.call<DocumentView>('POST', '/v1/documents', upload)
    return answer.status === 429 && answer
  })
  assert.equal(full.headers['retry-after'], '3', 'one job at twenty pages a minute')
  await api.refused(429, 'queue_full', 'POST', '/v1/documents', upload)
  await nothingLeft(api)
  await api.context.queue.clear()
  await waitFor('there is room', async () => {
    const { status } = await api.call('POST', '/v1/documents', upload)
    return status === 202
  })
})

test('a caller above the rate limit gets 429, and health checks still succeed', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_RATE_LIMIT: '3' })
  for (let index = 0; index < 3; index += 1) {
    assert.equal((await api.call('GET', '/v1/documents')).status, 200)
  }
  const { headers } = await api.refused(429, 'rate_limited', 'GET', '/v1/documents')
  const seconds = Number(headers['retry-after'])
  assert.ok(seconds >= 1 && seconds <= 60, headers['retry-after'])
  assert.equal((await api.call('GET', '/livez')).status, 200)
})

test('without a ledger uploads are rejected, and every read of it is 503', async (t) => {
  const api = await startApi(t, {}, { hasLedger: false })
  await api.refused(503, 'ledger_unavailable', 'POST', '/v1/documents', upload)
  for (const url of [
    '/v1/documents',
    '/v1/documents/d1',
    '/v1/runs',
    '/v1/search?q=a',
    '/v1/webhooks',
  ]) {
    await api.refused(503, 'ledger_unavailable', 'GET', url)
  }
  const { body } = await api.call<{ checks: { ledger: { ok: boolean } } }>('GET', '/readyz')
  assert.equal(body.checks.ledger.ok, false)
  assert.deepEqual(readdirSync(api.spool.inputs), [])
})

test('without Redis uploads are rejected, and reads from the ledger work', async (t) => {
  const api = await startApi(t)
  const aggregator = api.startAggregator()
  const { id } = (await api.call<DocumentView>('POST', '/v1/documents', upload)).body
  await api.read(id)
  await aggregator.stop()
  await api.redis.close()
  await waitFor('the loss is noticed', () => api.context.redis.status !== 'ready')
  await api.refused(503, 'redis_unreachable', 'POST', '/v1/documents', upload)
  await nothingLeft(api)
  await api.refused(503, 'redis_unreachable', 'GET', '/v1/queue')
  await api.refused(503, 'redis_unreachable', 'GET', '/v1/workers')
  await api.refused(503, 'redis_unreachable', 'DELETE', `/v1/documents/${id}`)
  const shown = await api.call<DocumentView>('GET', `/v1/documents/${id}`)
  assert.deepEqual([shown.status, shown.body.outcome], [200, 'succeeded'])
  assert.equal((await api.call('GET', `/v1/documents/${id}/result`)).status, 200)
  assert.equal((await api.call('GET', '/v1/documents')).status, 200)
  assert.equal((await api.call('GET', '/v1/runs')).status, 200)
  const ready = await api.call<{ checks: { redis: { ok: boolean } } }>('GET', '/readyz')
  assert.deepEqual([ready.status, ready.body.checks.redis.ok], [503, false])
  assert.equal((await api.call('GET', '/livez')).status, 200)
})

test('a full disk is 507', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_MIN_FREE_BYTES: String(Number.MAX_SAFE_INTEGER) })
  await api.refused(507, 'disk_full', 'POST', '/v1/documents', upload)
  assert.deepEqual(readdirSync(api.spool.tmp), [])
})

test('commands are 503 without a live aggregator', async (t) => {
  const api = await startApi(t)
  const given = { body: { root: 'scans' } }
  await api.refused(503, 'aggregator_missing', 'POST', '/v1/runs', given)
})

test('a stopping service rejects new work with 503 draining', async (t) => {
  const api = await startApi(t)
  api.stop()
  await api.refused(503, 'draining', 'POST', '/v1/documents', upload)
  await api.refused(503, 'draining', 'GET', '/v1/documents')
  const ready = await api.call<{ ready: boolean }>('GET', '/readyz')
  assert.deepEqual([ready.status, ready.body.ready], [503, false])
  assert.equal((await api.call('GET', '/livez')).status, 200)
})

test('a language that is not installed is 422 and named', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_ENGINE: 'tesseract.js' })
  const recipe = { languages: ['xyzzy'] }
  const given = { body: formOf([page], { recipe }) }
  const { body } = await api.refused(422, 'unknown_language', 'POST', '/v1/documents', given)
  assert.match(body.detail, /xyzzy/)
  await api.refused(422, 'unknown_language', 'POST', '/v1/documents/check', {
    body: { documents: [], recipe },
  })
  await nothingLeft(api)
})

test('a URL source is fetched if it is allowed, and never from a private address', async (t) => {
  const receiver = await startReceiver(t, (response, { path }) => {
    if (path === '/missing.png') response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'image/png' }).end(bytes)
  })
  const from = (path: string) => ({ body: { source: { type: 'url', url: receiver.url + path } } })
  const guarded = await startApi(t, { SCRIPTORIUM_URL_SOURCES: 'on' })
  await guarded.refused(422, 'url_refused', 'POST', '/v1/documents', from('/a.png'))
  const api = await startApi(t, {
    SCRIPTORIUM_URL_SOURCES: 'on',
    SCRIPTORIUM_OUTBOUND_ALLOW: '127.0.0.1/32',
  })
  const { status, body } = await api.call<DocumentView>('POST', '/v1/documents', from('/a.png'))
  assert.deepEqual([status, body.name, body.bytes], [202, 'a.png', bytes.length])
  await api.refused(422, 'url_failed', 'POST', '/v1/documents', from('/missing.png'))
})
