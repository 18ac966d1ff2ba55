import { resolve } from 'node:path'
import { createBlobTokens } from '../../../shared/blobs/blob-tokens.ts'
import { createEngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { openSpool } from '../../../shared/files/spool.ts'
import { durationMs, splitList, type ApiConfig } from '../../../shared/process/config.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { createPdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import { parseToken } from '../http/auth.ts'
import { createDemand } from './demand.ts'
import { createWorkerWatch } from './worker-watch.ts'
import { createFleetView } from './fleet-view.ts'
import { createLedgerView } from './ledger-view.ts'
import { parseRoot } from './roots.ts'
import { createTickets } from './tickets.ts'

interface Deps {
  config: ApiConfig
  redis: Redis
  log: Logger
}

/** Everything that outlives a request and that the API shares with other processes: Redis, ledger, spool and roots. */
export function openState({ config, redis, log }: Deps) {
  const folder = resolve(config.SCRIPTORIUM_DATA)
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const blobTokens = createBlobTokens(folder)
  const queue = createPageQueue(redis, keys, blobTokens.sign)
  const ledger = createLedgerView(folder, (err) =>
    log.error({ err }, 'run with an unreadable record skipped'),
  )
  const fleet = createFleetView(redis, keys, queue)
  const workers = createWorkerWatch({
    isAnyAlive: () => fleet.hasWorker(),
    absenceMs: durationMs(config.SCRIPTORIUM_WORKER_ABSENCE),
  })
  const spool = openSpool(folder)
  const state = {
    config,
    redis,
    log,
    keys,
    queue,
    blobTokens,
    pdfPasswords: createPdfPasswords(redis, keys, config),
    ledger,
    demand: createDemand({ ledger, targetMs: config.SCRIPTORIUM_TARGET_WAIT_MS }),
    fleet,
    workers,
    spool,
    tickets: createTickets(spool),
    roots: splitList(config.SCRIPTORIUM_ROOTS).map(parseRoot),
    identities: createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX, {
      second: config.SCRIPTORIUM_SECOND_ENGINE,
      neuralModels: config.SCRIPTORIUM_NEURAL_MODELS,
    }),
    tokens: splitList(config.SCRIPTORIUM_TOKENS).map(parseToken),
  }
  return {
    folder,
    state,
    close: async (): Promise<void> => {
      workers.close()
      await queue.close()
      ledger.close()
    },
  }
}
