import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { createOutbound } from '../../../../services/outbound/outbound.ts'
import type { Webhooks } from '../../../../services/ledger/webhooks/webhooks.ts'
import type { Delivery } from '../../../../services/ledger/webhooks/deliveries.ts'
import { createDeliverer } from '../../../../services/aggregator/webhooks/deliverer.ts'
import { createOutbox } from '../../../../services/aggregator/webhooks/outbox.ts'
import { verifySignature } from '../../../../services/aggregator/webhooks/sign.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { startReceiver, type Seen } from '../../../helpers/api/receiver.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { makeWebhook } from '../../../helpers/api/webhooks.ts'

type Given = Partial<Parameters<typeof createDeliverer>[0]>

/** An outbox, and what it takes to start deliverers on it. */
function setUp(t: TestContext) {
  const stops: (() => Promise<void>)[] = []
  t.after(() => Promise.all(stops.map((stop) => stop()))) // Before the ledger is closed.
  const { webhooks } = makeLedger(t)
  const outbound = createOutbound({ allow: ['127.0.0.1/32'] })
  t.after(() => outbound.close())
  let ids = 0
  const newId = (): string => `n${String((ids += 1)).padStart(3, '0')}`
  const outbox = createOutbox({ webhooks, newId, maxWaiting: 10_000 })
  const logged = new PassThrough()
  const log = pino({ level: 'trace' }, logged)
  const backOff = { firstMs: 20, longestMs: 100, attempts: 3 }
  const start = (given: Given = {}) => {
    const deps = { webhooks, outbound, log, backOff, drainMs: 100, ...given }
    const { run, wake, redelivered } = createDeliverer(deps)
    const stopping = new AbortController()
    const running = run(stopping.signal)
    const stop = (): Promise<void> => {
      stopping.abort()
      return running
    }
    stops.push(stop)
    return { wake, redelivered, stop }
  }
  return {
    webhooks,
    start,
    logText: () => String(logged.read() ?? ''),
    subscribe: (id: string, url: string) => webhooks.add(makeWebhook(id, { url, tag: id })),
    /** Enqueues that many events for the webhook of this id. */
    enqueue: (id: string, count = 1): void => {
      for (let n = 1; n <= count; n += 1) outbox.enqueue('document.finished', id, { n })
    },
  }
}

type Answer = (response: ServerResponse, seen: Seen) => unknown
const never: Answer = () => undefined
const thanks: Answer = (response) => response.writeHead(204).end()

const ended = (webhooks: Webhooks, id = 'n001'): Promise<Delivery> =>
  waitFor(`${id} has ended`, () => {
    const delivery = webhooks.delivery(id)
    return delivery !== undefined && delivery.state !== 'due' && delivery
  })

test('a receiver gets a verifiable delivery, and it is recorded', async (t) => {
  const { webhooks, subscribe, enqueue, start, logText } = setUp(t)
  const receiver = await startReceiver(t, thanks)
  subscribe('a', `${receiver.url}/hook?key=path-secret`)
  enqueue('a')
  start()
  const delivery = await ended(webhooks)
  const [seen] = receiver.seen
  assert.deepEqual([seen?.method, seen?.path], ['POST', '/hook?key=path-secret'])
  const { headers, body } = seen!
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['scriptorium-event'], 'document.finished')
  assert.equal(headers['scriptorium-delivery'], 'n001')
  assert.match(headers['user-agent'] ?? '', /^Scriptorium\/\d/)
  const header = String(headers['scriptorium-signature'])
  assert.ok(verifySignature({ header, body, secret: 'secret of a' }))
  assert.equal(body, delivery.payload)
  const { state, attempts, lastStatus, lastError, lastAttemptAt } = delivery
  assert.deepEqual([state, attempts, lastStatus, lastError], ['delivered', 1, 204, null])
  assert.ok(Math.abs(Date.now() - Number(lastAttemptAt)) < 60_000)
  const lines = logText()
  assert.match(lines, /"deliveryId":"n001"/)
  assert.doesNotMatch(lines, /secret|"data"/)
})

test('a wake-up sends deliveries that arrive during idle time', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const receiver = await startReceiver(t, thanks)
  subscribe('a', receiver.url)
  const { wake } = start()
  enqueue('a')
  wake()
  await ended(webhooks)
  enqueue('a')
  wake()
  await ended(webhooks, 'n002')
})

test('a failed delivery is retried until it succeeds', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const statuses = [500, 302, 304, 200]
  const receiver = await startReceiver(t, (response) => {
    const status = statuses[receiver.seen.length - 1] ?? 0
    return response.writeHead(status, { location: '/elsewhere' }).end()
  })
  subscribe('a', receiver.url)
  enqueue('a')
  start({ backOff: { firstMs: 20, longestMs: 100, attempts: 4 } })
  const { state, attempts, lastStatus, lastError } = await ended(webhooks)
  assert.deepEqual([state, attempts, lastStatus, lastError], ['delivered', 4, 200, null])
  const told = receiver.seen.map(({ path, body }) => [path, body])
  const [first] = told
  assert.deepEqual(told, [first, first, first, first])
  assert.equal(first?.[0], '/', 'no redirect is followed')
})

test('a delivery that keeps failing is given up, and can be redelivered', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  let status = 500
  const receiver = await startReceiver(t, (response) => response.writeHead(status).end())
  subscribe('a', receiver.url)
  enqueue('a')
  const { wake } = start()
  const { state, attempts, lastStatus } = await ended(webhooks)
  assert.deepEqual([state, attempts, lastStatus], ['failed', 3, 500])
  assert.equal(receiver.seen.length, 3)
  status = 200
  webhooks.redeliver('n001')
  wake()
  const again = await ended(webhooks)
  assert.deepEqual([again.state, again.attempts], ['delivered', 1])
  assert.equal(receiver.seen[3]?.headers['scriptorium-delivery'], 'n001')
})

test('a retry due between two checks is not missed', async (t) => {
  for (let firstMs = 1; firstMs <= 6; firstMs += 1) {
    const { webhooks, subscribe, enqueue, start } = setUp(t)
    const receiver = await startReceiver(t, (response) => response.writeHead(500).end())
    subscribe('a', receiver.url)
    enqueue('a')
    let time = Date.now()
    const backOff = { firstMs, longestMs: firstMs, attempts: 2 }
    const { stop } = start({ backOff, now: () => (time += 1) })
    await ended(webhooks)
    await stop()
  }
})

test('410 ends a delivery without a retry', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const receiver = await startReceiver(t, (response) => response.writeHead(410).end())
  subscribe('a', receiver.url)
  enqueue('a')
  start()
  const { state, attempts, lastStatus } = await ended(webhooks)
  assert.deepEqual([state, attempts, lastStatus], ['failed', 1, 410])
})

test('Retry-After delays the next attempt', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const receiver = await startReceiver(t, (response) =>
    response.writeHead(429, { 'retry-after': '600' }).end(),
  )
  subscribe('a', receiver.url)
  enqueue('a')
  start({ backOff: { firstMs: 20, longestMs: 3_600_000, attempts: 3 } })
  await waitFor('it was tried', () => webhooks.delivery('n001')?.attempts === 1)
  const waitMs = Number(webhooks.delivery('n001')?.nextAt) - Date.now()
  assert.ok(waitMs > 540_000 && waitMs <= 600_000, `${waitMs} ms`)
})

test('a forbidden address gets no request, and the reason is recorded', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const inner = await startReceiver(t, thanks, '127.0.0.2')
  subscribe('a', inner.url)
  enqueue('a')
  start()
  const { state, lastStatus, lastError } = await ended(webhooks)
  assert.deepEqual(
    [state, lastStatus, lastError],
    ['failed', null, '127.0.0.2 has no public address'],
  )
  assert.equal(inner.connections.made, 0)
})

test('a slow receiver delays its own deliveries, two at a time, and no others', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const slow = await startReceiver(t, never)
  const quick = await startReceiver(t, thanks)
  subscribe('slow', slow.url)
  subscribe('quick', quick.url)
  enqueue('slow', 20)
  enqueue('quick', 20)
  const { wake } = start()
  await waitFor('all of the quick ones are told', () => quick.seen.length === 20)
  await ended(webhooks, 'n040')
  // A clock that was set back makes the next one look older than what is under way.
  const late = { id: 'late', webhookId: 'slow', event: 'document.finished', payload: '{}' } as const
  webhooks.addDelivery({ ...late, createdAt: 1 })
  for (const id of ['n041', 'n042']) {
    enqueue('quick')
    wake()
    await ended(webhooks, id)
  }
  assert.equal(slow.seen.length, 2)
  assert.equal(slow.connections.made, 2)
})

test('a free slot goes to a receiver without one', async (t) => {
  const { subscribe, enqueue, start } = setUp(t)
  const slow = await Promise.all(Array.from({ length: 5 }, () => startReceiver(t, never)))
  const countSeen = (): number => slow.reduce((sum, { seen }) => sum + seen.length, 0)
  const quick = await startReceiver(t, thanks)
  for (const [index, { url }] of slow.entries()) {
    subscribe(`slow${index}`, url)
    enqueue(`slow${index}`, 8)
  }
  subscribe('quick', quick.url)
  const { wake } = start({ timeoutMs: 300, backOff: { firstMs: 1, longestMs: 1, attempts: 1 } })
  await waitFor('all places are taken', () => countSeen() === 8)
  enqueue('quick')
  wake()
  await waitFor('the quick one is told', () => quick.seen.length === 1)
  assert.ok(countSeen() <= 16, `${countSeen()} of 40 went first`)
})

test('on a stop active deliveries finish, and the rest stays due for the next start', async (t) => {
  const { webhooks, subscribe, enqueue, start, logText } = setUp(t)
  const receiver = await startReceiver(t, (response) => {
    if (receiver.seen.length > 2) response.end()
    else if (receiver.seen.length === 2) void first.stop().then(noteStop)
  })
  let hasStopped = false
  const noteStop = (): void => void (hasStopped = true)
  subscribe('a', receiver.url)
  enqueue('a', 3)
  const first = start()
  await waitFor('it has stopped', () => hasStopped)
  assert.equal(receiver.seen.length, 2)
  for (const id of ['n001', 'n002', 'n003']) {
    const { state, attempts } = webhooks.delivery(id)!
    assert.deepEqual([state, attempts], ['due', 0], id)
  }
  assert.equal(logText(), '')
  start()
  for (const id of ['n001', 'n002', 'n003']) {
    assert.equal((await ended(webhooks, id)).state, 'delivered')
  }
})

test('an answer after the stop is recorded', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const receiver = await startReceiver(t, (response) => {
    stopped = service.stop()
    setTimeout(() => response.end(), 50)
  })
  let stopped: Promise<void> | undefined
  subscribe('a', receiver.url)
  enqueue('a')
  const service = start({ drainMs: 10_000 })
  await waitFor('it was asked to stop', () => stopped !== undefined)
  await stopped
  assert.equal(webhooks.delivery('n001')?.state, 'delivered')
})

test('a webhook deleted during a delivery leaves nothing, and the others continue', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const receiver = await startReceiver(t, (response) => {
    if (receiver.seen.length === 1) webhooks.remove('a')
    return response.end()
  })
  subscribe('a', receiver.url)
  enqueue('a', 2)
  subscribe('b', receiver.url)
  const { wake } = start()
  await waitFor('the first is told', () => webhooks.get('a') === undefined)
  enqueue('b')
  wake()
  assert.equal((await ended(webhooks, 'n003')).state, 'delivered')
  assert.deepEqual(webhooks.deliveries('a', 10), [])
})

test('nothing is sent twice while the ledger refuses records', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const receiver = await startReceiver(t, thanks)
  subscribe('a', receiver.url)
  enqueue('a')
  let refusals = 0
  const recordAttempts: Webhooks['recordAttempts'] = (...given) => {
    if ((refusals += 1) === 1) throw new Error('database is locked')
    webhooks.recordAttempts(...given)
  }
  start({ webhooks: { ...webhooks, recordAttempts } })
  const { attempts } = await ended(webhooks)
  assert.deepEqual([attempts, receiver.seen.length, refusals], [1, 1, 2])
})

test('old ended deliveries are deleted', async (t) => {
  const { webhooks, start } = setUp(t)
  webhooks.add(makeWebhook('a'))
  const enqueued = { webhookId: 'a', event: 'document.finished', payload: '{}' } as const
  const day = 86_400_000
  for (const [id, days] of Object.entries({ old: 31, young: 29 })) {
    webhooks.addDelivery({ ...enqueued, id, createdAt: Date.now() - days * day })
    const told = { at: 0, status: 200, error: null, next: { state: 'delivered' } } as const
    webhooks.recordAttempts(new Map([[id, told]]))
  }
  start()
  await waitFor('the old one is gone', () => webhooks.delivery('old') === undefined)
  assert.ok(webhooks.delivery('young'))
})
