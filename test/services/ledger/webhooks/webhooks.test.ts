import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLedger } from '../../../../services/ledger/ledger.ts'
import type { Webhooks } from '../../../../services/ledger/webhooks/webhooks.ts'
import type { DeliveryAttempt } from '../../../../services/ledger/webhooks/deliveries.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { makeWebhook } from '../../../helpers/api/webhooks.ts'

/** Enqueues deliveries, `{ id: createdAt }`. */
function enqueue(webhooks: Webhooks, webhookId: string, times: Record<string, number>): void {
  for (const [id, createdAt] of Object.entries(times)) {
    webhooks.addDelivery({ id, webhookId, event: 'document.finished', payload: '{}', createdAt })
  }
}

const dueIds = (webhooks: Webhooks, ...given: Parameters<Webhooks['dueOf']>): string[] =>
  webhooks.dueOf(...given).map(({ id }) => id)
const record = (webhooks: Webhooks, id: string, attempt: DeliveryAttempt): void =>
  webhooks.recordAttempts(new Map([[id, attempt]]))

test('a webhook is added once, listed oldest first, and deleted with its deliveries', (t) => {
  const { webhooks } = makeLedger(t)
  const older = makeWebhook('b', { createdAt: '2025-01-01T00:00:00.000Z' })
  const newer = makeWebhook('a')
  for (const webhook of [newer, older]) webhooks.add(webhook)
  webhooks.add({ ...newer, url: 'http://elsewhere.example/' })
  assert.deepEqual(webhooks.list(), [older, newer])
  assert.deepEqual(webhooks.get('a'), newer)
  enqueue(webhooks, 'a', { d1: 1 })
  enqueue(webhooks, 'b', { d2: 1 })
  webhooks.remove('a')
  webhooks.remove('a')
  assert.equal(webhooks.get('a'), undefined)
  assert.equal(webhooks.delivery('d1'), undefined)
  assert.deepEqual(webhooks.list(), [older])
  assert.deepEqual(dueIds(webhooks, 'b', 1), ['d2'])
})

test('an event goes to its subscribers, filtered by tag', (t) => {
  const { webhooks } = makeLedger(t)
  assert.deepEqual(webhooks.forEvent('run.finished', null), [])
  webhooks.add(makeWebhook('all', { events: ['document.finished', 'run.finished'] }))
  webhooks.add(makeWebhook('tagged', { tag: 'invoices' }))
  const idsFor = (...given: Parameters<Webhooks['forEvent']>): string[] =>
    webhooks.forEvent(...given).map(({ id }) => id)
  assert.deepEqual(idsFor('document.finished', 'invoices'), ['all', 'tagged'])
  assert.deepEqual(idsFor('document.finished', 'letters'), ['all'])
  assert.deepEqual(idsFor('document.finished', null), ['all'])
  assert.deepEqual(idsFor('run.finished', 'invoices'), ['all'])
})

test('due deliveries of a webhook are listed, longest due first', (t) => {
  const { webhooks } = makeLedger(t)
  for (const id of ['a', 'b']) webhooks.add(makeWebhook(id))
  enqueue(webhooks, 'a', { a3: 3, a1: 1, a2: 2, a9: 9 })
  enqueue(webhooks, 'b', { b4: 4 })
  assert.deepEqual(dueIds(webhooks, 'a', 5), ['a1', 'a2', 'a3'])
  assert.deepEqual(dueIds(webhooks, 'a', 5, 2), ['a1', 'a2'])
  assert.deepEqual(dueIds(webhooks, 'b', 5), ['b4'])
  assert.equal(webhooks.firstDueAt('a'), 1)
  assert.equal(webhooks.firstDueAt('a', 5), 9)
  assert.equal(webhooks.firstDueAt('a', 9), undefined)
  assert.equal(webhooks.countDue(), 5)
  assert.equal(webhooks.hasBacklogOf('a', 4), true)
  assert.equal(webhooks.hasBacklogOf('a', 5), false)
})

test('deliveries that a receiver rejects for too long are given up, in batches', (t) => {
  const { webhooks } = makeLedger(t)
  webhooks.add(makeWebhook('a'))
  enqueue(webhooks, 'a', { a1: 1, a2: 2, a3: 3, a9: 9 })
  assert.equal(webhooks.giveUp('a', 5, 2), 2)
  assert.deepEqual(dueIds(webhooks, 'a', 10), ['a3', 'a9'])
  assert.equal(webhooks.giveUp('a', 5, 2), 1)
  assert.equal(webhooks.delivery('a1')?.lastError, 'the receiver failed for a day')
})

test('a delivery is enqueued once', (t) => {
  const { webhooks } = makeLedger(t)
  webhooks.add(makeWebhook('a'))
  enqueue(webhooks, 'a', { d: 1 })
  record(webhooks, 'd', { at: 2, status: 200, error: null, next: { state: 'delivered' } })
  enqueue(webhooks, 'a', { d: 3 })
  assert.equal(webhooks.delivery('d')?.state, 'delivered')
})

test('each attempt is counted with its answer, until a redelivery resets it', (t) => {
  const { webhooks } = makeLedger(t)
  webhooks.add(makeWebhook('a'))
  enqueue(webhooks, 'a', { d: 1 })
  record(webhooks, 'd', { at: 5, status: 500, error: null, next: { state: 'due', at: 9 } })
  assert.deepEqual(dueIds(webhooks, 'a', 8), [])
  record(webhooks, 'd', { at: 9, status: null, error: 'late', next: { state: 'failed' } })
  assert.deepEqual(
    { ...webhooks.delivery('d') },
    {
      id: 'd',
      webhookId: 'a',
      event: 'document.finished',
      payload: '{}',
      createdAt: 1,
      state: 'failed',
      attempts: 2,
      nextAt: null,
      lastAttemptAt: 9,
      lastStatus: null,
      lastError: 'late',
    },
  )
  assert.equal(webhooks.redeliver('d', 20), true)
  assert.equal(webhooks.redeliver('unknown', 20), false)
  assert.equal(webhooks.delivery('d')?.attempts, 0)
  assert.deepEqual(dueIds(webhooks, 'a', 20), ['d'])
})

test('deliveries are listed newest first, page by page, without gaps or repeats', (t) => {
  const { webhooks } = makeLedger(t)
  for (const id of ['a', 'b']) webhooks.add(makeWebhook(id))
  enqueue(webhooks, 'a', { d1: 1, d2: 5, d3: 5, d4: 5, d5: 9 })
  enqueue(webhooks, 'b', { other: 5 })
  const seen: string[] = []
  let found = webhooks.deliveries('a', 2)
  while (found.length > 0) {
    seen.push(...found.map(({ id }) => id))
    const { createdAt, id } = found.at(-1)!
    found = webhooks.deliveries('a', 2, { time: createdAt, id })
  }
  assert.deepEqual(seen, ['d5', 'd4', 'd3', 'd2', 'd1'])
})

test('old ended deliveries are deleted, due ones are not', (t) => {
  const { webhooks } = makeLedger(t)
  webhooks.add(makeWebhook('a'))
  enqueue(webhooks, 'a', { due: 1, told: 1, later: 10 })
  for (const id of ['told', 'later']) {
    record(webhooks, id, { at: 11, status: 200, error: null, next: { state: 'delivered' } })
  }
  assert.equal(webhooks.prune(10, 100), 1)
  assert.deepEqual(
    webhooks.deliveries('a', 10).map(({ id }) => id),
    ['later', 'due'],
  )
})

test('a reader lists webhooks and deliveries', (t) => {
  const folder = makeFolder(t)
  const writer = makeLedger(t, folder)
  const reader = openLedger(folder, { readOnly: true })
  t.after(() => reader.close())
  writer.webhooks.add(makeWebhook('a'))
  enqueue(writer.webhooks, 'a', { d: 1 })
  assert.deepEqual(reader.webhooks.list(), [makeWebhook('a')])
  assert.equal(reader.webhooks.deliveries('a', 10).length, 1)
  writer.webhooks.remove('a')
  assert.deepEqual(reader.webhooks.list(), [])
  assert.throws(() => reader.webhooks.add(makeWebhook('b')), /readonly/)
})
