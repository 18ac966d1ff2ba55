import type { ApiConfig } from '../../../shared/process/config.ts'
import { toError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Spool } from '../../../shared/files/spool.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import type { PaceLimits } from '../limits/pace.ts'
import { createSpoolRoom } from '../limits/spool-room.ts'
import { createSpoolStore, type SpoolStore } from './spool/store.ts'
import type { Intake } from './uploads/uploads.ts'

const lingerMs = 5_000
const sweepEveryMs = 3_600_000
/** A draft that was not touched for this long belongs to no active upload. */
const staleMs = 3_600_000

interface Deps {
  config: ApiConfig
  spool: Spool
  limits: ServiceLimits
  pace: PaceLimits
  log: Logger
}

/** The way of uploads into the spool. Drafts of uploads that broke off are swept until `close`. */
export function openIntake({ config, spool, limits, pace, log }: Deps) {
  const minFreeBytes = config.SCRIPTORIUM_MIN_FREE_BYTES
  const store = createSpoolStore({ spool, limits: { minFreeBytes, pace } })
  const intake: Intake = {
    store,
    room: createSpoolRoom({ folder: spool.tmp, minFreeBytes, limits }),
    limits: {
      maxFileBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
      maxRequestBytes: config.SCRIPTORIUM_MAX_REQUEST_BYTES,
      maxFiles: config.SCRIPTORIUM_MAX_FILES,
      pace,
      lingerMs,
    },
  }
  return { intake, close: sweepRegularly(store, log) }
}

function sweepRegularly(store: SpoolStore, log: Logger): () => void {
  const sweep = (): void => {
    store.sweep(staleMs).catch((thrown: unknown) => {
      log.warn({ err: toError(thrown) }, 'sweeping the spool failed')
    })
  }
  sweep()
  const timer = setInterval(sweep, sweepEveryMs)
  return () => clearInterval(timer)
}
