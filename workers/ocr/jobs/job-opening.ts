import type { WorkerConfig } from '../../../shared/process/config.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import { pageBand, pageJobId, type PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Sources } from '../open/sources.ts'
import { createOpenDocuments } from '../open/open-documents.ts'
import type { Openers } from '../open/open.ts'
import { createOpening } from './opening.ts'

interface Deps {
  config: WorkerConfig
  redis: Redis
  keys: Keys
  queue: Pick<PageQueue, 'add' | 'callerOf'>
  openers: Openers
  sources: Sources
  passwords: PdfPasswords
  /** Retries while Redis rejects writes. */
  persistently: <T>(work: () => Promise<T>) => Promise<T>
}

/** Maximum memory of all open documents, and the time for which a document stays open after its last page was taken. */
const maxHeldBytes = 96 * 2 ** 20
const documentIdleMs = 30_000

/** Opens jobs for one worker: claims, passwords and jobs of further pages are in Redis. */
export function createJobOpening(deps: Deps) {
  const { config, redis, keys, queue, openers, sources, passwords, persistently } = deps
  const documents = createOpenDocuments({ openers, sources, maxHeldBytes, idleMs: documentIdleMs })
  const open = createOpening({
    documents,
    maxBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
    password: ({ runId }) => persistently(() => passwords.of(runId)),
    claim: ({ runId, fingerprint, documentId, insteadOf }, sha256) =>
      persistently(async () => {
        const key = keys.claim(runId, fingerprint, sha256)
        const earlier = await redis.set(key, documentId, 'EX', ttl.claim, 'NX', 'GET')
        if (earlier === null || earlier !== insteadOf) return earlier ?? documentId
        await redis.set(key, documentId, 'EX', ttl.claim)
        return documentId
      }),
    addPages: (jobId, job, pages, pagesTotal) =>
      persistently(async () => {
        const caller = (await queue.callerOf(jobId)) ?? ''
        const band = pageBand(job)
        await queue.add(
          pages.map((page) => ({
            jobId: pageJobId(jobId, page),
            job: { ...job, page, pagesTotal },
            band,
            caller,
          })),
        )
      }),
  })
  return { open, close: documents.close }
}
