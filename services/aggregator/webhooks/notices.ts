import { splitList, type AggregatorConfig } from '../../../shared/process/config.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Tracer } from '../../../shared/tracing/tracer.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createOutbound } from '../../outbound/outbound.ts'
import { createAnnouncer } from '../events/announcer.ts'
import { createDeliverer } from './deliverer.ts'
import { createOutbox } from './outbox.ts'

interface Deps {
  config: Pick<AggregatorConfig, 'SCRIPTORIUM_MAX_DELIVERIES' | 'SCRIPTORIUM_OUTBOUND_ALLOW'>
  ledger: Ledger
  hands: Hands
  tracer: Tracer
  log: Logger
}

/** Announces endings to webhooks: an announcer that records deliveries in the ledger, and the deliverer that sends them. */
export function createNotices({ config, ledger, hands, tracer, log }: Deps) {
  const { webhooks } = ledger
  const outbox = createOutbox({ webhooks, maxWaiting: config.SCRIPTORIUM_MAX_DELIVERIES })
  const outbound = createOutbound({ allow: splitList(config.SCRIPTORIUM_OUTBOUND_ALLOW) })
  const deliverer = createDeliverer({ webhooks, outbound, hands, log })
  const announcer = createAnnouncer({
    ledger,
    tracer,
    enqueue(...delivery) {
      outbox.enqueue(...delivery)
      setImmediate(() => deliverer.wake()) // After the transaction that this is part of.
    },
  })
  return { announcer, deliverer, close: () => outbound.close() }
}
