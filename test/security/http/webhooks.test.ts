import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createDeliverer } from '../../../services/aggregator/webhooks/deliverer.ts'
import { startApi } from '../../helpers/api/api.ts'
import { createOutbound } from '../../../services/outbound/outbound.ts'
import { makeLedger } from '../../helpers/ledger/ledger.ts'
import { watchLoop } from '../../helpers/processes/loop-watch.ts'
import { startReceiver } from '../../helpers/api/receiver.ts'
import { waitFor } from '../../helpers/wait.ts'
import { makeWebhook } from '../../helpers/api/webhooks.ts'

const backOff = { firstMs: 50, longestMs: 1_000, attempts: 14 }
type Webhooks = Parameters<typeof createDeliverer>[0]['webhooks']

function startDeliverer(
  t: { after: (work: () => unknown) => void },
  webhooks: Webhooks,
  given: Partial<Parameters<typeof createDeliverer>[0]> = {},
) {
  const outbound = createOutbound({ allow: ['127.0.0.1/32'] })
  const log = pino({ level: 'silent' })
  const deliverer = createDeliverer({ webhooks, outbound, log, backOff, drainMs: 100, ...given })
  const stopping = new AbortController()
  const running = deliverer.run(stopping.signal)
  t.after(async () => {
    stopping.abort()
    await running
    await outbound.close()
  })
  return deliverer
}

test('thousands of receivers that fail at once delay no heartbeat and no other receiver', async (t) => {
  const ended: (() => unknown)[] = []
  t.after(async () => {
    for (const end of ended.toReversed()) await end()
  })
  const ledger = makeLedger({ after: (work) => void ended.push(work) })
  const { webhooks } = ledger
  ledger.transaction(() => {
    for (let index = 0; index < 2_000; index += 1) {
      // Refused before anything waits: nothing between two attempts would give way to a timer.
      const url = `http://10.0.${index % 250}.1:${1_000 + index}/`
      const id = `w${String(index).padStart(4, '0')}`
      webhooks.add(makeWebhook(id, { url }))
      const delivery = { id: `d${id}`, webhookId: id, payload: '{}', createdAt: 1 } as const
      webhooks.addDelivery({ ...delivery, event: 'document.finished' })
    }
  })
  const good = await startReceiver({ after: (work) => void ended.push(work) }, (response) =>
    response.writeHead(204).end(),
  )
  webhooks.add(makeWebhook('x', { url: good.url }))
  const told = { webhookId: 'x', event: 'document.finished', payload: '{}', createdAt: 1 } as const
  webhooks.addDelivery({ id: 'good', ...told })
  await import('undici') // Once in a process: 0.1 s.
  const loop = watchLoop()
  ended.push(loop.stop)
  let beats = 0
  const heartbeat = setInterval(() => (beats += 1), 20)
  ended.push(() => clearInterval(heartbeat))
  const began = performance.now()
  startDeliverer({ after: (work) => void ended.push(work) }, webhooks)
  await waitFor('the good one is delivered', () => webhooks.delivery('good')?.state === 'delivered')
  await waitFor('many have failed', () => Number(webhooks.delivery('dw0150')?.attempts) > 0)
  const ms = performance.now() - began
  assert.ok(loop.longestMs() < 100, `${loop.longestMs()} ms of processor time in one turn`)
  assert.ok(beats > ms / 20 / 10, `${beats} heartbeats in ${ms} ms`)
})

test('a failing receiver is paused as a whole, and its backlog costs one attempt per pause', async (t) => {
  const ledger = makeLedger(t)
  const { webhooks } = ledger
  let status = 500
  const receiver = await startReceiver(t, (response) => response.writeHead(status).end())
  // Two webhooks of one host are one receiver.
  ledger.transaction(() => {
    for (const id of ['a', 'b']) {
      webhooks.add(makeWebhook(id, { url: `${receiver.url}/${id}` }))
      for (let n = 0; n < 500; n += 1) {
        const delivery = { id: `${id}${n}`, webhookId: id, payload: '{}', createdAt: n } as const
        webhooks.addDelivery({ ...delivery, event: 'document.finished' })
      }
    }
  })
  let nowMs = Date.now()
  const long = { firstMs: 60_000, longestMs: 600_000, attempts: 10 }
  const given = { backOff: long, now: () => nowMs, perSecond: 1e9 }
  const { wake, redelivered } = startDeliverer(t, webhooks, given)
  const attempts = (): number =>
    ['a', 'b'].reduce(
      (sum, id) =>
        sum + webhooks.deliveries(id, 1_000).reduce((all, { attempts: made }) => all + made, 0),
      0,
    )
  await waitFor('it is paused', () => attempts() >= 5)
  wake()
  await waitFor('the active deliveries have ended', () => attempts() === receiver.seen.length)
  const before = receiver.seen.length
  assert.ok(before <= 6, `${before} attempts before the pause`)
  nowMs += 100_000
  wake()
  await waitFor('it is tried again', () => attempts() > before)
  wake()
  await waitFor('that is recorded', () => attempts() === receiver.seen.length)
  assert.equal(receiver.seen.length, before + 1, 'by one delivery')
  status = 204
  webhooks.redeliver('a0', nowMs)
  redelivered('a')
  await waitFor('all is told', () => {
    nowMs += 1_000
    wake()
    return webhooks.countDue() === 0
  })
})

test('attempts are limited per second, however fast the receivers are', async (t) => {
  const { webhooks } = makeLedger(t)
  const receiver = await startReceiver(t, (response) => response.writeHead(204).end())
  webhooks.add(makeWebhook('a', { url: receiver.url }))
  for (let n = 0; n < 200; n += 1) {
    const delivery = { id: `d${n}`, webhookId: 'a', payload: '{}', createdAt: n } as const
    webhooks.addDelivery({ ...delivery, event: 'document.finished' })
  }
  let nowMs = Date.now()
  const { wake } = startDeliverer(t, webhooks, { now: () => nowMs, perSecond: 100 })
  const delivered = (): number => 200 - webhooks.countDue()
  await waitFor('a tenth of a second is used up', () => delivered() === 10)
  wake()
  nowMs += 50
  wake()
  await waitFor('half of that again', () => delivered() === 15)
  assert.equal(receiver.seen.length, 15)
})

test('webhooks are limited, and the answer names the limit', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_MAX_WEBHOOKS: '1' })
  api.startAggregator()
  const given = { body: { url: 'https://receiver.example/' } }
  assert.equal((await api.call('POST', '/v1/webhooks', given)).status, 201)
  await api.refused(429, 'too_many_webhooks', 'POST', '/v1/webhooks', given)
})
