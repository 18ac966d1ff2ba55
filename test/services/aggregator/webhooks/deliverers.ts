import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { createDeliverer } from '../../../../services/aggregator/webhooks/deliverer.ts'
import { createOutbox } from '../../../../services/aggregator/webhooks/outbox.ts'
import type { Delivery } from '../../../../services/ledger/webhooks/deliveries.ts'
import type { Webhooks } from '../../../../services/ledger/webhooks/webhooks.ts'
import { createOutbound } from '../../../../services/outbound/outbound.ts'
import type { Seen } from '../../../helpers/api/receiver.ts'
import { makeWebhook } from '../../../helpers/api/webhooks.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { waitFor } from '../../../helpers/wait.ts'

type Given = Partial<Parameters<typeof createDeliverer>[0]>

/** An outbox, and a function that starts deliverers on it. */
export function setUp(t: TestContext) {
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
export const never: Answer = () => undefined
export const thanks: Answer = (response) => response.writeHead(204).end()

export const ended = (webhooks: Webhooks, id = 'n001'): Promise<Delivery> =>
  waitFor(`${id} has ended`, () => {
    const delivery = webhooks.delivery(id)
    return delivery !== undefined && delivery.state !== 'due' && delivery
  })
