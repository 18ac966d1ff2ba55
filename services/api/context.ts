import { resolve } from 'node:path'
import { listOf, retentionMs, type ApiConfig } from '../../shared/config.ts'
import { createEngineIdentities } from '../../shared/engine-identity.ts'
import { toError } from '../../shared/errors.ts'
import { createKeys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import { createOutbound } from '../../shared/outbound.ts'
import { createPageQueue } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import { openSpool } from '../../shared/spool.ts'
import { createAccept } from './accept.ts'
import { createCommandClient } from './command-client.ts'
import { createDocumentViews } from './document-view.ts'
import { createEventHub } from './events.ts'
import { createEventStreams } from './event-streams.ts'
import { createFleetView } from './fleet-view.ts'
import { createLedgerView } from './ledger-view.ts'
import { createMetrics } from './metrics.ts'
import { createOpenSource } from './open-source.ts'
import { parseRoot } from './roots.ts'
import type { Context } from './routes/context.ts'
import { createRunViews } from './run-view.ts'
import { createSpoolStore } from './spool/store.ts'

interface Deps {
  config: ApiConfig
  redis: Redis
  log: Logger
  stopping: AbortSignal
}

const pace = { minBytesPerSecond: 1_024, windowMs: 30_000 }
const lingerMs = 5_000
const sweepEveryMs = 3_600_000
/** No upload that is alive leaves its draft untouched for so long. */
const staleMs = 3_600_000

/** Builds what the routes need. `close` lets go of it. */
export function createContext({ config, redis, log, stopping }: Deps) {
  const folder = resolve(config.SCRIPTORIUM_DATA)
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const queue = createPageQueue(redis, keys)
  const ledger = createLedgerView(folder)
  const fleet = createFleetView(redis, keys, queue)
  const spool = openSpool(folder)
  const store = createSpoolStore({
    spool,
    limits: { minFreeBytes: config.SCRIPTORIUM_MIN_FREE_BYTES, pace },
  })
  const intake = {
    store,
    limits: {
      maxFileBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
      maxRequestBytes: config.SCRIPTORIUM_MAX_REQUEST_BYTES,
      maxFiles: config.SCRIPTORIUM_MAX_FILES,
      pace,
      lingerMs,
    },
  }
  const roots = listOf(config.SCRIPTORIUM_ROOTS).map(parseRoot)
  const identities = createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX)
  const documents = createDocumentViews({
    ledger,
    redis,
    keys,
    queue,
    fleet,
    retentionMs: retentionMs(config.SCRIPTORIUM_RETENTION),
  })
  const runs = createRunViews({ ledger, redis, keys, roots })
  const hub = createEventHub(redis, keys, (thrown) =>
    log.debug({ err: toError(thrown) }, 'events cannot be read, trying again'),
  )
  const outbound =
    config.SCRIPTORIUM_URL_SOURCES === 'on'
      ? createOutbound({ allow: listOf(config.SCRIPTORIUM_OUTBOUND_ALLOW) })
      : undefined
  const sweep = (): void => {
    store.sweep(staleMs).catch((thrown: unknown) => {
      log.warn({ err: toError(thrown) }, 'the spool cannot be swept')
    })
  }
  sweep()
  const timer = setInterval(sweep, sweepEveryMs)
  const context: Context = {
    config,
    log,
    redis,
    keys,
    queue,
    ledger,
    fleet,
    documents,
    runs,
    intake,
    roots,
    identities,
    stopping,
    events: createEventStreams({ hub, documents, runs }),
    accept: createAccept({ ledger, redis, keys, queue, spool, identities }),
    openSource: createOpenSource({ intake, roots, outbound }),
    metrics: createMetrics({ fleet, queue }),
    command: createCommandClient(redis, keys),
  }
  return {
    context,
    close: async (): Promise<void> => {
      clearInterval(timer)
      hub.close()
      await outbound?.close()
      await queue.close()
      ledger.close()
    },
  }
}
