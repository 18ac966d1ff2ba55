import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifySignature } from '../../../../services/aggregator/webhooks/sign.ts'
import { startReceiver } from '../../../helpers/api/receiver.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { ended, setUp, thanks } from './deliverers.ts'

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
