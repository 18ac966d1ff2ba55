import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ttl } from '../../../../shared/redis/keys.ts'
import type { History } from '../../../../services/api/schemas/history.ts'
import type { Heartbeat } from '../../../../shared/redis/heartbeats.ts'
import { version } from '../../../../shared/process/version.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { waitFor } from '../../../helpers/wait.ts'

const api = await startApi({ after })
const { redis, keys, queue } = api.context

const heartbeat: Heartbeat = {
  id: 'host-7',
  pid: 7,
  host: 'host',
  version,
  languages: ['eng'],
  engine: 'tesseract.js',
  warm: [{ languages: ['eng'], oem: 1, pages: 3 }],
  state: 'reading',
  currentPage: 'a.png#1',
  pagesDone: 3,
  rssBytes: 1_000,
  startedAt: '2026-01-01T00:00:00.000Z',
  beatAt: '2026-01-01T00:00:01.000Z',
}

async function beat(): Promise<void> {
  await redis.zadd(keys.workers, Date.now(), heartbeat.id)
  await redis.set(keys.worker(heartbeat.id), JSON.stringify(heartbeat), 'EX', ttl.heartbeat)
}

interface Readiness {
  ready: boolean
  checks: Record<'redis' | 'ledger' | 'workers', { ok: boolean; detail: string }>
}

test('readiness names missing parts, and needs Redis, an aggregator and a worker', async (t) => {
  const alone = await api.call<Readiness>('GET', '/readyz')
  assert.equal(alone.status, 503)
  const { redis: reached, ledger, workers } = alone.body.checks
  assert.deepEqual([reached.ok, ledger.ok, workers.ok], [true, false, false])
  const own = await startApi(t)
  own.startAggregator()
  const { redis: its, keys: names } = own.context
  await its.zadd(names.workers, Date.now(), heartbeat.id)
  await its.set(names.worker(heartbeat.id), JSON.stringify(heartbeat))
  const { body } = await waitFor('the aggregator gives its sign', async () => {
    const answer = await own.call<Readiness>('GET', '/readyz')
    return answer.status === 200 && answer
  })
  assert.equal(body.ready, true)
})

test('live workers are listed with the pages on their desk', async () => {
  const before = await api.call<{ items: Heartbeat[] }>('GET', '/v1/workers')
  assert.deepEqual(before.body.items, [])
  await beat()
  await redis.zadd(keys.workers, Date.now(), 'dead-worker')
  const { status, body } = await api.call<{ items: Heartbeat[] }>('GET', '/v1/workers')
  assert.deepEqual([status, body.items], [200, [heartbeat]])
})

test('the queue reports depth, age and pace, and can be paused', async () => {
  const body = formOf([{ name: 'q.png', bytes: await pngOf('queue') }])
  await api.call('POST', '/v1/documents', { body })
  const bulk = formOf([{ name: 'q.png', bytes: await pngOf('queue bulk') }], { priority: 'bulk' })
  await api.call('POST', '/v1/documents', { body: bulk })
  const { status, body: depth } = await api.call<Record<string, unknown>>('GET', '/v1/queue')
  assert.equal(status, 200)
  const { interactive, bulk: waiting, uncollected, paused, pagesPerMinute } = depth
  assert.deepEqual(
    { interactive, waiting, uncollected, paused, pagesPerMinute },
    { interactive: 1, waiting: 1, uncollected: 2, paused: false, pagesPerMinute: 0 },
  )
  assert.equal(typeof depth['oldestSeconds'], 'number')
  assert.deepEqual([depth['workSeconds'], depth['wantedWorkers']], [6, 1])

  const pause = async (isPaused: unknown) =>
    api.call<{ paused: boolean }>('PUT', '/v1/queue', { body: { paused: isPaused } })
  assert.deepEqual((await pause(true)).body.paused, true)
  assert.equal((await queue.depth()).isPaused, true)
  assert.deepEqual((await pause(false)).body.paused, false)
  for (const wrong of [{ paused: 'yes' }, {}, { paused: true, other: 1 }]) {
    await api.refused(422, 'invalid_request', 'PUT', '/v1/queue', { body: wrong })
  }
  await api.refused(405, 'method_not_allowed', 'DELETE', '/v1/queue')
})

test('a paused queue still counts its waiting jobs', async (t) => {
  const own = await startApi(t)
  await own.call('PUT', '/v1/queue', { body: { paused: true } })
  const body = formOf([{ name: 'p.png', bytes: await pngOf('paused') }])
  const sent = await own.call<{ id: string; position: number }>('POST', '/v1/documents', { body })
  assert.deepEqual([sent.status, sent.body.position], [202, 0])
  const { body: depth } = await own.call<Record<string, unknown>>('GET', '/v1/queue')
  assert.deepEqual([depth['paused'], depth['interactive']], [true, 1])
})

test('the history has the pages and failures of the last hour, and survives a restart without Redis', async (t) => {
  const own = await startApi(t)
  own.startAggregator()
  for (const name of ['good', 'bad']) {
    const body = formOf([{ name: `${name}.png`, bytes: await pngOf(name) }])
    const sent = await own.call<{ id: string }>('POST', '/v1/documents', { body })
    await (name === 'good' ? own.read(sent.body.id) : own.fail(sent.body.id))
  }
  const historyOf = async (url: string) => (await own.call<History>('GET', url)).body
  const { sum } = await waitFor('both documents are final', async () => {
    const found = await historyOf('/v1/fleet/history')
    return found.sum.documents === 2 && found
  })
  assert.deepEqual([sum.pages, sum.failedDocuments, sum.errorRate], [1, 1, 0.5])
  const second = await startApi(t, { SCRIPTORIUM_DATA: own.data })
  const { body: day } = await second.call<History>('GET', '/v1/fleet/history?period=day')
  assert.deepEqual([day.points.length, day.sum.pages], [288, 1])
  assert.deepEqual(day.sum.outcomes, sum.outcomes)
  await own.refused(400, 'malformed_request', 'GET', '/v1/fleet/history?period=week')
})

test('the installed languages are listed', async () => {
  const { status, body } = await api.call<{ languages: string[] }>('GET', '/v1/languages')
  assert.equal(status, 200)
  assert.ok(body.languages.includes('eng'))
})

test('metrics are Prometheus text with requests by route', async () => {
  await beat()
  await api.call('GET', '/v1/documents/nothing')
  const { status, headers, text } = await api.call('GET', '/metrics')
  assert.equal(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
  const route = 'method="GET",route="/v1/documents/:id",status="404"'
  assert.ok(text.includes(`scriptorium_http_request_seconds_count{${route}} 1`), text)
  assert.match(text, /^scriptorium_workers\{state="reading"\} 1$/m)
  assert.match(text, /^scriptorium_jobs\{state="interactive"\} 1$/m)
})

test('version and liveness need no token', async () => {
  assert.deepEqual((await api.call('GET', '/version')).body, { version })
  assert.deepEqual((await api.call('GET', '/livez')).body, { live: true })
})
