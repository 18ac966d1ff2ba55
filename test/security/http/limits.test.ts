import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { test, type TestContext } from 'node:test'
import { freeBytes } from '../../../services/api/limits/disk-space.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { formOf, startApi, type Api } from '../../helpers/api/api.ts'
import type { Ending } from '../../helpers/folder.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { headOf, openRaw } from '../../helpers/api/raw-client.ts'
import { waitFor } from '../../helpers/wait.ts'

const page = { name: 'page.png', bytes: await pngOf('limits of the service') }
const upload = { body: formOf([page]) }
const entryOf = (name: string): string =>
  `${name}:submit+read:${createHash('sha256').update(name).digest('hex')}`
const bearer = (name: string) => ({ authorization: `Bearer ${name}` })
const image = { 'content-type': 'image/png' }

/** An API that listens. Its clients close first, because its own close waits for them. */
async function listen(t: TestContext, given: Record<string, string>) {
  const ends: (() => unknown)[] = []
  t.after(() => ends.forEach((end) => end()))
  const clients: Ending = { after: (end) => void ends.push(end) }
  const api = await startApi(t, {
    SCRIPTORIUM_TOKENS: ['one', 'two'].map(entryOf).join(),
    ...given,
  })
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = api.app.server.address() as AddressInfo
  const open = (head = '') => openRaw(clients, port, head)
  const post = (name: string, headers: Record<string, string | number>) =>
    open(headOf('POST /v1/documents', { ...bearer(name), ...headers }))
  return { api, open, post }
}

/** The metrics of a limit. */
async function figuresOf(
  api: Api,
  limit: string,
): Promise<[limit: number, used: number, refused: number]> {
  const { text } = await api.call('GET', '/metrics', { headers: bearer('one') })
  const figure = (name: string): number =>
    Number(new RegExp(`^${name}\\{limit="${limit}"\\} (\\S+)$`, 'm').exec(text)?.[1])
  return [
    figure('scriptorium_limit'),
    figure('scriptorium_limit_used'),
    figure('scriptorium_limit_refused_total'),
  ]
}

const usedOf = (api: Api, limit: string, count: number) =>
  waitFor(`${limit} in use`, async () => (await figuresOf(api, limit))[1] === count)

const isProblem = (text: string, status: number, code: string): void => {
  assert.match(text, new RegExp(`^HTTP/1.1 ${status} [^]*"code":"${code}"`), text)
  assert.match(text, /^retry-after: [1-9]\d*\r$/im, text)
}

test('connections are limited per address and in total; health checks still succeed', async (t) => {
  const { api, open } = await listen(t, { SCRIPTORIUM_MAX_CONNECTIONS: '8' })
  const held = await Promise.all(Array.from({ length: 4 }, () => open()))
  await usedOf(api, 'connections', 4)
  const next = await open(headOf('GET /version'))
  assert.equal(await next.status(), 429)
  isProblem(next.text(), 429, 'too_many_open')
  await next.closed()
  const health = await open(headOf('GET /livez'))
  assert.equal(await health.status(), 200)
  assert.deepEqual(await figuresOf(api, 'connections'), [8, 4, 2])
  for (const { socket } of held) socket.destroy()
  await usedOf(api, 'connections', 0)
  assert.equal(await (await open(headOf('GET /version', { connection: 'close' }))).status(), 200)
  // Far beyond the limit connections are closed without an answer, and the service works after they are gone.
  const flood = await Promise.all(Array.from({ length: 60 }, () => open()))
  await Promise.race(flood.map(({ closed }) => closed()))
  for (const { socket } of flood) socket.destroy()
  await usedOf(api, 'connections', 0)
  assert.equal(await (await open(headOf('GET /version', { connection: 'close' }))).status(), 200)
})

test('JSON bodies reserve the memory received, half of it for one caller, and delay nobody else', async (t) => {
  const { api, post } = await listen(t, { SCRIPTORIUM_MAX_BODY_MEMORY: '4000000' })
  const large = { 'content-type': 'application/json', 'content-length': 16_000_000 }
  const clients = []
  for (let index = 0; index < 20; index += 1) clients.push(await post('one', large))
  const source = { type: 'base64', data: page.bytes.toString('base64') }
  const small = (name: string) =>
    api.call('POST', '/v1/documents', { body: { source }, headers: bearer(name) })
  assert.equal((await small('one')).status, 202) // Announced bytes alone block nobody.
  const held = clients.slice(0, 2)
  for (const { socket } of held) socket.write(Buffer.alloc(900_000, ' '))
  await usedOf(api, 'body_bytes', 1_800_000)
  const refused = clients.slice(2, 8)
  for (const { socket } of refused) socket.write(Buffer.alloc(900_000, ' '))
  assert.deepEqual([...new Set(await Promise.all(refused.map((one) => one.status())))], [429])
  for (const { text } of refused) isProblem(text(), 429, 'too_many_open')
  await usedOf(api, 'body_bytes', 1_800_000)
  assert.equal((await small('two')).status, 202)
  for (const { socket } of clients) socket.destroy()
  await usedOf(api, 'body_bytes', 0)
})

test('small JSON routes have small limits', async (t) => {
  const api = await startApi(t)
  const large = (bytes: number) => ({ body: { tag: 'x'.repeat(bytes) } })
  const routes: [method: 'POST' | 'PUT', url: string, maxBytes: number][] = [
    ['POST', '/v1/runs', 2 ** 20],
    ['POST', '/v1/documents/check', 2 ** 18],
    ['POST', '/v1/webhooks', 2 ** 16],
    ['POST', '/v1/webhooks/w1/redeliver', 2 ** 16],
    ['PUT', '/v1/queue', 2 ** 16],
    ['POST', '/v1/documents/d1/cancel', 2 ** 16],
    ['POST', '/v1/runs/r1/retry-failed', 2 ** 16],
  ]
  for (const [method, url, maxBytes] of routes) {
    await api.refused(413, 'upload_too_large', method, url, large(maxBytes))
  }
})

test('open uploads are limited per token and in total', async (t) => {
  const { api, post } = await listen(t, { SCRIPTORIUM_MAX_UPLOADS: '4' })
  const slow = { ...image, 'content-length': 1_000_000 }
  const uploads = [await post('one', slow), await post('one', slow)]
  await usedOf(api, 'open_uploads', 2)
  const third = await post('one', slow)
  assert.equal(await third.status(), 429)
  isProblem(third.text(), 429, 'too_many_open')
  uploads.push(await post('two', slow), await post('two', slow))
  await usedOf(api, 'open_uploads', 4)
  await api.refused(503, 'service_busy', 'POST', '/v1/documents', {
    ...upload,
    headers: bearer('two'),
  })
  assert.deepEqual(await figuresOf(api, 'open_uploads'), [4, 4, 2])
  for (const { socket } of uploads) socket.destroy()
  await usedOf(api, 'open_uploads', 0)
  const given = { ...upload, headers: bearer('one') }
  assert.equal((await api.call('POST', '/v1/documents', given)).status, 202)
})

test('announced uploads are reserved on the disk before they begin', async (t) => {
  const spare = Math.round((await freeBytes(tmpdir())) / 2)
  const bytes = Math.round(0.2 * spare)
  const { api, post } = await listen(t, {
    SCRIPTORIUM_MIN_FREE_BYTES: String(spare),
    SCRIPTORIUM_MAX_FILE_BYTES: String(2 * bytes),
    SCRIPTORIUM_MAX_REQUEST_BYTES: String(2 * bytes),
  })
  const half = { ...image, 'content-length': bytes }
  const uploads = []
  for (const name of ['one', 'one', 'two', 'two']) uploads.push(await post(name, half))
  await usedOf(api, 'open_uploads', 4)
  const next = await post('two', { ...image, 'transfer-encoding': 'chunked' })
  assert.ok([429, 507].includes(await next.status()), next.text())
  assert.match(next.text(), /^retry-after: [1-9]\d*\r$/im)
  const [limit, used] = await figuresOf(api, 'spool_bytes')
  assert.ok(used === 4 * bytes && limit < 1.2 * spare, `${used} of ${limit}`)
  for (const { socket } of uploads) socket.destroy()
  await usedOf(api, 'spool_bytes', 0)
  const given = { ...upload, headers: bearer('two') }
  assert.equal((await api.call('POST', '/v1/documents', given)).status, 202)
})

test('event streams are limited', async (t) => {
  const { api, open } = await listen(t, { SCRIPTORIUM_MAX_STREAMS: '2' })
  const given = { ...upload, headers: bearer('one') }
  const { id } = (await api.call<DocumentView>('POST', '/v1/documents', given)).body
  const follow = (name: string) => open(headOf(`GET /v1/documents/${id}/events`, bearer(name)))
  const first = await follow('one')
  assert.equal(await first.status(), 200)
  const second = await follow('one')
  assert.equal(await second.status(), 429)
  isProblem(second.text(), 429, 'too_many_open')
  assert.equal(await (await follow('two')).status(), 200)
  const third = await follow('two')
  assert.equal(await third.status(), 503)
  isProblem(third.text(), 503, 'service_busy')
  assert.deepEqual(await figuresOf(api, 'event_streams'), [2, 2, 2])
  first.socket.destroy()
  await usedOf(api, 'event_streams', 1)
})

test('a backlog of results and a full queue reject uploads, and are in the metrics', async (t) => {
  const limits = {
    SCRIPTORIUM_MAX_RESULTS: '20',
    SCRIPTORIUM_MAX_QUEUE: '2',
    // A caller with less than a tenth of it open may add to a full queue.
    SCRIPTORIUM_MAX_OPEN_PAGES: '10',
  }
  const { api } = await listen(t, limits)
  const given = { ...upload, headers: bearer('one') }
  const { redis, keys } = api.context
  for (let count = 0; count < 20; count += 1) await redis.xadd(keys.results, '*', 'r', '{}')
  await api.refused(503, 'service_busy', 'POST', '/v1/documents', given)
  assert.deepEqual(await figuresOf(api, 'uncollected_results'), [20, 20, 1])
  await redis.del(keys.results)
  await waitFor('uploads are accepted', async () => {
    const { status } = await api.call('POST', '/v1/documents', given)
    return status === 202
  })
  await waitFor('the queue is full', async () => {
    const body = formOf([{ name: 'a.png', bytes: await pngOf(`full ${Math.random()}`) }])
    const { status } = await api.call('POST', '/v1/documents', { body, headers: bearer('one') })
    return status === 429
  })
  const [limit, used, refused] = await figuresOf(api, 'queue_jobs')
  assert.ok(limit === 2 && used >= 2 && refused >= 1)
})

test('webhooks are limited', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_MAX_WEBHOOKS: '1' })
  api.startAggregator()
  const given = { body: { url: 'https://example.org/hook' } }
  assert.equal((await api.call('POST', '/v1/webhooks', given)).status, 201)
  await api.refused(429, 'too_many_webhooks', 'POST', '/v1/webhooks', given)
  const [limit, used, refused] = await figuresOf(api, 'webhooks')
  assert.deepEqual([limit, used, refused], [1, 1, 1])
})
