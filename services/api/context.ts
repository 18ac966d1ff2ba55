import { decodeMemory, splitList, durationMs, type ApiConfig } from '../../shared/process/config.ts'
import { toError } from '../../shared/process/errors.ts'
import type { Logger } from '../../shared/process/logger.ts'
import type { Spool } from '../../shared/files/spool.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import type { Tracer } from '../../shared/tracing/tracer.ts'
import { createOutbound, type Outbound } from '../outbound/outbound.ts'
import { createAdmission } from './intake/admission.ts'
import { createAccept } from './intake/accept.ts'
import { openIntake } from './intake/intake.ts'
import { createCommandClient } from './state/command-client.ts'
import { createDocumentViews } from './views/document-view.ts'
import { createEventHub } from './events/event-hub.ts'
import { createEventStreams } from './events/event-streams.ts'
import { createIdempotency } from './intake/idempotency.ts'
import { openHands } from './in-hand.ts'
import { limitsFrom } from './limits/from-config.ts'
import type { ServiceLimits } from './limits/limits.ts'
import { createMetrics } from './observe/metrics.ts'
import { createOwnership } from './views/ownership.ts'
import { createPagePictures } from './views/pictures/page-pictures.ts'
import { createPictureCache } from './views/pictures/picture-cache.ts'
import { createOpenSource } from './intake/open-source.ts'
import { createRenderings } from './views/renderings.ts'
import type { Context } from './routes/context.ts'
import { createRunViews } from './views/run-view.ts'
import { createSearches } from './search/searches.ts'
import type { LedgerView } from './state/ledger-view.ts'
import { openState } from './state/state.ts'

interface Deps {
  config: ApiConfig
  redis: Redis
  tracer?: Tracer
  log: Logger
  stopping: AbortSignal
}

const paceWindowMs = 30_000

/** Builds the dependencies of the routes. `close` releases them. */
export function createContext({ config, redis, tracer, log, stopping }: Deps) {
  const { folder, state, close: closeState } = openState({ config, redis, log })
  const { spool, tokens, ...shared } = state
  const { hands, close: forgetHands } = openHands(folder, log)
  // Work in progress is not to blame from here on: the stop was requested.
  stopping.addEventListener('abort', forgetHands)
  const pace = { minBytesPerSecond: config.SCRIPTORIUM_MIN_RATE, windowMs: paceWindowMs }
  const limits = limitsFrom(config)
  const { intake, close: closeIntake } = openIntake({ config, spool, limits, pace, log })
  const retentionMs = durationMs(config.SCRIPTORIUM_RETENTION)
  const documents = createDocumentViews({ ...state, retentionMs })
  const runs = createRunViews(state)
  const hub = createEventHub(redis, (thrown) =>
    log.debug({ err: toError(thrown) }, 'reading events failed, retrying'),
  )
  const outbound = outboundFrom(config)
  const renderings = renderingsFrom(config, spool.tmp, limits)
  const pictures = picturesFrom({ ...state, limits })
  const searches = createSearches({ folder, limits })
  const metrics = createMetrics({ ...state, limits, room: intake.room })
  const context: Context = {
    ...shared,
    documents,
    runs,
    hands,
    limits,
    pace,
    intake,
    renderings,
    pictures,
    stopping,
    events: createEventStreams({ ...state, hub, documents, runs }),
    searches,
    tokens,
    ownership: createOwnership({ ...state, tokens: tokens.map(({ name }) => name) }),
    admission: createAdmission({ ...state, limits, hasTokens: tokens.length > 0 }),
    accept: createAccept({ ...state, tracer }),
    settleIdempotency: createIdempotency(state),
    openSource: createOpenSource({ intake, roots: state.roots, outbound }),
    metrics,
    command: createCommandClient(redis, state.keys),
  }
  return {
    context,
    close: async (): Promise<void> => {
      closeIntake()
      forgetHands()
      hub.close()
      metrics.close()
      await searches.close()
      await outbound?.close()
      await renderings.close()
      await pictures.close()
      await closeState()
    },
  }
}

const outboundFrom = (config: ApiConfig): Outbound | undefined =>
  config.SCRIPTORIUM_URL_SOURCES === 'on'
    ? createOutbound({ allow: splitList(config.SCRIPTORIUM_OUTBOUND_ALLOW) })
    : undefined

const renderingsFrom = (config: ApiConfig, folder: string, limits: ServiceLimits) =>
  createRenderings({
    limits,
    decoding: {
      maxMegapixels: config.SCRIPTORIUM_MAX_MEGAPIXELS,
      maxBytes: decodeMemory(config.SCRIPTORIUM_DECODE_MEMORY),
    },
    folder,
    minFreeBytes: config.SCRIPTORIUM_MIN_FREE_BYTES,
  })

interface PictureDeps extends Omit<Parameters<typeof createPagePictures>[0], 'cache' | 'isKept'> {
  config: ApiConfig
  spool: Spool
  ledger: LedgerView
  log: Logger
}

const picturesFrom = ({ config, spool, ledger, log, ...deps }: PictureDeps) =>
  createPagePictures({
    ...deps,
    cache: createPictureCache({
      folder: spool.pictures,
      maxBytes: config.SCRIPTORIUM_PICTURE_CACHE,
      minFreeBytes: config.SCRIPTORIUM_MIN_FREE_BYTES,
      log,
    }),
    isKept: (id) => ledger.get().documents.get(id)?.expiredAt === null,
  })
