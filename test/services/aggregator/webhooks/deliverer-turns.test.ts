import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Webhooks } from '../../../../services/ledger/webhooks/webhooks.ts'
import { startReceiver } from '../../../helpers/api/receiver.ts'
import { makeWebhook } from '../../../helpers/api/webhooks.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { ended, never, setUp, thanks } from './deliverers.ts'

test('a slow receiver delays its own deliveries, two at a time, and no others', async (t) => {
  const { webhooks, subscribe, enqueue, start } = setUp(t)
  const slow = await startReceiver(t, never)
  const quick = await startReceiver(t, thanks)
  subscribe('slow', slow.url)
  subscribe('quick', quick.url)
  enqueue('slow', 20)
  enqueue('quick', 20)
  const { wake } = start()
  await waitFor('all quick ones are delivered', () => quick.seen.length === 20)
  await ended(webhooks, 'n040')
  // A clock that was set back makes the next one look older than the active deliveries.
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
  await waitFor('the quick one is delivered', () => quick.seen.length === 1)
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
  await waitFor('the first is delivered', () => webhooks.get('a') === undefined)
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
  await waitFor('the old one is deleted', () => webhooks.delivery('old') === undefined)
  assert.ok(webhooks.delivery('young'))
})
