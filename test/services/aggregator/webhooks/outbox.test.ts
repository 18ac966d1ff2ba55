import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { defaultBackOff, retryAt } from '../../../../services/aggregator/webhooks/back-off.ts'
import { createOutbox } from '../../../../services/aggregator/webhooks/outbox.ts'
import { sign, verifySignature } from '../../../../services/aggregator/webhooks/sign.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { makeWebhook } from '../../../helpers/api/webhooks.ts'

test('one delivery is written for each subscribed webhook', (t) => {
  const { webhooks } = makeLedger(t)
  webhooks.add(makeWebhook('a'))
  webhooks.add(makeWebhook('b', { tag: 'invoices' }))
  webhooks.add(makeWebhook('c', { events: ['run.finished'] }))
  let count = 0
  const { enqueue } = createOutbox({ webhooks, maxWaiting: 100, newId: () => `n${(count += 1)}` })
  const before = Date.now()
  enqueue('document.finished', 'invoices', { documentId: 'd1', outcome: 'succeeded' })
  assert.equal(count, 2)
  const due = ['a', 'b', 'c'].flatMap((id) => webhooks.dueOf(id, Date.now()))
  assert.deepEqual(
    due.map(({ webhookId }) => webhookId),
    ['a', 'b'],
  )
  for (const delivery of due) {
    const { createdAt, ...rest } = JSON.parse(delivery.payload) as Record<string, unknown>
    const data = { documentId: 'd1', outcome: 'succeeded' }
    assert.deepEqual(rest, { id: delivery.id, event: 'document.finished', data })
    assert.equal(Date.parse(String(createdAt)), delivery.createdAt)
    assert.ok(delivery.createdAt >= before)
  }
})

test('a webhook above its share of pending deliveries fails new ones, which can be redelivered', (t) => {
  const { webhooks } = makeLedger(t)
  for (const id of ['a', 'b']) webhooks.add(makeWebhook(id, { tag: id }))
  const { enqueue } = createOutbox({ webhooks, maxWaiting: 6 })
  for (let n = 1; n <= 5; n += 1) enqueue('document.finished', 'a', { n })
  enqueue('document.finished', 'b', { n: 1 })
  assert.equal(webhooks.dueOf('a', Date.now()).length, 3)
  assert.equal(webhooks.dueOf('b', Date.now()).length, 1)
  const left = webhooks.deliveries('a', 10).filter(({ state }) => state === 'failed')
  assert.equal(left.length, 2)
  assert.match(left[0]?.lastError ?? '', /^3 deliveries wait .* SCRIPTORIUM_MAX_DELIVERIES$/)
  assert.ok(webhooks.redeliver(left[0]?.id ?? ''))
})

test('a rolled-back event is not delivered', (t) => {
  const ledger = makeLedger(t)
  ledger.webhooks.add(makeWebhook('a'))
  const { enqueue } = createOutbox({ webhooks: ledger.webhooks, maxWaiting: 100 })
  const fail = (): void =>
    ledger.transaction(() => {
      enqueue('document.finished', null, {})
      throw new Error('half way')
    })
  assert.throws(fail, /half way/)
  assert.deepEqual(ledger.webhooks.deliveries('a', 10), [])
})

test('a signature is valid for its body, secret and time only', () => {
  const atMs = 1_700_000_000_999
  const header = sign('s3cret', '{"größe":1}', atMs)
  const mac = createHmac('sha256', 's3cret').update('1700000000.{"größe":1}').digest('hex')
  assert.equal(header, `t=1700000000,v1=${mac}`)
  const good = { header, body: '{"größe":1}', secret: 's3cret', nowMs: atMs }
  assert.equal(verifySignature(good), true)
  assert.equal(verifySignature({ ...good, nowMs: atMs + 299_000 }), true)
  const bad = [
    { body: '{"größe":2}' },
    { secret: 'other' },
    { nowMs: atMs + 301_000 },
    { nowMs: atMs - 301_000 },
    { nowMs: atMs + 11_000, toleranceSeconds: 10 },
    { header: header.replace('t=1700000000', 't=1700000001') },
    { header: header.slice(0, -1) },
    { header: `v1=${mac}` },
    { header: '' },
  ]
  for (const change of bad) assert.equal(verifySignature({ ...good, ...change }), false)
})

test('attempts become rarer, from seconds to an hour, and end after about four hours', () => {
  const waits: number[] = []
  for (let made = 1; ; made += 1) {
    const at = retryAt(defaultBackOff, made, undefined, 0)
    if (at === undefined) break
    waits.push(at)
  }
  assert.equal(waits.length, 9)
  assert.ok(waits[0]! >= 5_000 && waits[0]! <= 6_000)
  assert.ok(waits.at(-1)! >= 3_600_000 && waits.at(-1)! <= 4_320_000)
  const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600_000
  assert.ok(hours > 3.4 && hours < 4.3, `${hours} hours`)
})

test('retries of simultaneous failures are spread', () => {
  const times = Array.from({ length: 20 }, () => retryAt(defaultBackOff, 3, undefined, 0))
  assert.ok(new Set(times).size > 10)
})

test('Retry-After is respected up to an hour', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const waitFor = (value: string): number => (retryAt(defaultBackOff, 1, value, now) ?? 0) - now
  assert.equal(waitFor('120'), 120_000)
  assert.equal(waitFor('Thu, 01 Jan 2026 00:10:00 GMT'), 600_000)
  assert.equal(waitFor('999999'), 3_600_000)
  for (const value of ['0', '-5', 'soon', 'Wed, 31 Dec 2025 00:00:00 GMT']) {
    const wait = waitFor(value)
    assert.ok(wait >= 5_000 && wait <= 6_000, value)
  }
  assert.equal(retryAt(defaultBackOff, 10, '120', now), undefined)
})
