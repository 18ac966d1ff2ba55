import { resolve } from 'node:path'
import { decodeMemory, splitList, durationMs, type ApiConfig } from '../../shared/process/config.ts'
import { createEngineIdentities } from '../../shared/engine/engine-identity.ts'
import { toError } from '../../shared/process/errors.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import { createOutbound } from '../outbound/outbound.ts'
import { createPdfPasswords } from '../../shared/redis/pdf-passwords.ts'
import { createPageQueue } from '../../shared/redis/queue.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import { openSpool } from '../../shared/files/spool.ts'
import { createAdmission } from './intake/admission.ts'
import { parseToken } from './http/auth.ts'
import { createAccept } from './intake/accept.ts'
import { createCommandClient } from './state/command-client.ts'
import { createDocumentViews } from './views/document-view.ts'
import { createEventHub } from './events/event-hub.ts'
import { createEventStreams } from './events/event-streams.ts'
import { createFleetView } from './state/fleet-view.ts'
import { createIdempotency } from './intake/idempotency.ts'
import { openHands } from './in-hand.ts'
import { createLedgerView } from './state/ledger-view.ts'
import { createLimits } from './limits/limits.ts'
import { createSpoolRoom } from './limits/spool-room.ts'
import { createMetrics } from './observe/metrics.ts'
import { createOwnership } from './views/ownership.ts'
import { createOpenSource } from './intake/open-source.ts'
import { createRenderings } from './views/renderings.ts'
import { parseRoot } from './state/roots.ts'
import type { Context } from './routes/context.ts'
import { createRunViews } from './views/run-view.ts'
import { createSearches } from './search/searches.ts'
import { createSpoolStore } from './intake/spool/store.ts'
import { createTickets } from './state/tickets.ts'
import { createWorkerWatch } from './intake/worker-watch.ts'

interface Deps {
  config: ApiConfig
  redis: Redis
  log: Logger
  stopping: AbortSignal
}

const paceWindowMs = 30_000
const lingerMs = 5_000
const sweepEveryMs = 3_600_000
/** No upload that is alive leaves its draft untouched for so long. */
const staleMs = 3_600_000

/** Builds the dependencies of the routes. `close` releases them. */
export function createContext({ config, redis, log, stopping }: Deps) {
  const folder = resolve(config.SCRIPTORIUM_DATA)
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const queue = createPageQueue(redis, keys)
  const pdfPasswords = createPdfPasswords(redis, keys, config)
  const ledger = createLedgerView(folder, (err) =>
    log.error({ err }, 'run with an unreadable record skipped'),
  )
  const fleet = createFleetView(redis, keys, queue)
  const workers = createWorkerWatch({
    isAnyAlive: () => fleet.hasWorker(),
    absenceMs: durationMs(config.SCRIPTORIUM_WORKER_ABSENCE),
  })
  const spool = openSpool(folder)
  const { hands, close: forgetHands } = openHands(folder, log)
  // Work in progress is not to blame from here on: the stop was requested.
  stopping.addEventListener('abort', forgetHands)
  const pace = { minBytesPerSecond: config.SCRIPTORIUM_MIN_RATE, windowMs: paceWindowMs }
  const limits = createLimits({
    connections: config.SCRIPTORIUM_MAX_CONNECTIONS,
    body_bytes: config.SCRIPTORIUM_MAX_BODY_MEMORY,
    open_uploads: config.SCRIPTORIUM_MAX_UPLOADS,
    event_streams: config.SCRIPTORIUM_MAX_STREAMS,
    spool_bytes: 0, // What its disk has.
    queue_jobs: config.SCRIPTORIUM_MAX_QUEUE,
    uncollected_results: config.SCRIPTORIUM_MAX_RESULTS,
    webhooks: config.SCRIPTORIUM_MAX_WEBHOOKS,
    renderings: config.SCRIPTORIUM_MAX_RENDERINGS,
    searches: config.SCRIPTORIUM_MAX_SEARCHES,
  })
  const room = createSpoolRoom({
    folder: spool.tmp,
    minFreeBytes: config.SCRIPTORIUM_MIN_FREE_BYTES,
    limits,
  })
  const store = createSpoolStore({
    spool,
    limits: { minFreeBytes: config.SCRIPTORIUM_MIN_FREE_BYTES, pace },
  })
  const intake = {
    store,
    room,
    limits: {
      maxFileBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
      maxRequestBytes: config.SCRIPTORIUM_MAX_REQUEST_BYTES,
      maxFiles: config.SCRIPTORIUM_MAX_FILES,
      pace,
      lingerMs,
    },
  }
  const roots = splitList(config.SCRIPTORIUM_ROOTS).map(parseRoot)
  const identities = createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX)
  const tickets = createTickets(spool)
  const tokens = splitList(config.SCRIPTORIUM_TOKENS).map(parseToken)
  const documents = createDocumentViews({
    ledger,
    tickets,
    queue,
    fleet,
    retentionMs: durationMs(config.SCRIPTORIUM_RETENTION),
  })
  const runs = createRunViews({ ledger, tickets, redis, keys, roots, fleet })
  const hub = createEventHub(redis, keys, (thrown) =>
    log.debug({ err: toError(thrown) }, 'reading events failed, retrying'),
  )
  const outbound =
    config.SCRIPTORIUM_URL_SOURCES === 'on'
      ? createOutbound({ allow: splitList(config.SCRIPTORIUM_OUTBOUND_ALLOW) })
      : undefined
  const sweep = (): void => {
    store.sweep(staleMs).catch((thrown: unknown) => {
      log.warn({ err: toError(thrown) }, 'sweeping the spool failed')
    })
  }
  sweep()
  const timer = setInterval(sweep, sweepEveryMs)
  const renderings = createRenderings({
    limits,
    decoding: {
      maxMegapixels: config.SCRIPTORIUM_MAX_MEGAPIXELS,
      maxBytes: decodeMemory(config.SCRIPTORIUM_DECODE_MEMORY),
    },
    folder: spool.tmp,
    minFreeBytes: config.SCRIPTORIUM_MIN_FREE_BYTES,
  })
  const searches = createSearches({ folder, limits })
  const context: Context = {
    config,
    log,
    redis,
    keys,
    pdfPasswords,
    queue,
    ledger,
    fleet,
    workers,
    documents,
    runs,
    hands,
    limits,
    pace,
    intake,
    renderings,
    roots,
    identities,
    stopping,
    events: createEventStreams({ hub, documents, runs }),
    searches,
    tokens,
    ownership: createOwnership({ ledger, tickets, tokens: tokens.map(({ name }) => name) }),
    admission: createAdmission({
      config,
      ledger,
      tickets,
      fleet,
      limits,
      hasTokens: tokens.length > 0,
    }),
    accept: createAccept({
      ledger,
      tickets,
      redis,
      keys,
      pdfPasswords,
      queue,
      spool,
      identities,
      log,
    }),
    settleIdempotency: createIdempotency({ ledger, tickets }),
    openSource: createOpenSource({ intake, roots, outbound }),
    metrics: createMetrics({ fleet, queue, limits, room, ledger }),
    command: createCommandClient(redis, keys),
  }
  return {
    context,
    close: async (): Promise<void> => {
      clearInterval(timer)
      forgetHands()
      workers.close()
      hub.close()
      await searches.close()
      await outbound?.close()
      await renderings.close()
      await queue.close()
      ledger.close()
    },
  }
}
