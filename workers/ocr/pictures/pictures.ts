import type { WorkerConfig } from '../../../shared/process/config.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import { createOpenDocuments } from '../open/open-documents.ts'
import type { Openers } from '../open/open.ts'
import type { Sources } from '../open/sources.ts'
import { createPictureJobs } from './picture-jobs.ts'
import { createRenderPicture } from './render-picture.ts'

interface Deps {
  workerId: string
  config: WorkerConfig
  redis: { jobs: Redis; own: Redis }
  keys: Keys
  openers: Openers
  sources: Sources
  passwords: PdfPasswords
  log: Lines
}

/** A reader turns the pages of one document: it stays open meanwhile. */
const maxHeldBytes = 48 * 2 ** 20
const idleMs = 30_000

/** The part of a worker that renders pages for people. */
export function createPictures({ config, openers, sources, passwords, ...deps }: Deps) {
  const documents = createOpenDocuments({ openers, sources, maxHeldBytes, idleMs })
  const render = createRenderPicture({
    documents,
    maxBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
    password: (runId) => passwords.of(runId),
  })
  const jobs = createPictureJobs({ ...deps, render })
  return {
    run: () => jobs.run(),
    async close(): Promise<void> {
      await jobs.close()
      await documents.close()
    },
  }
}
