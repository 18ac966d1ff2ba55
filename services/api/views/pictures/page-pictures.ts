import { hash } from 'node:crypto'
import type { BlobTokens } from '../../../../shared/blobs/blob-tokens.ts'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import type { PictureJob } from '../../../../shared/contract/messages/picture-job.ts'
import type { RunRequest } from '../../../../shared/contract/messages/run-request.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Keys } from '../../../../shared/redis/keys.ts'
import { createPictureQueue } from '../../../../shared/redis/picture-queue.ts'
import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import type { Document } from '../../../ledger/document.ts'
import { inputFileOf } from '../../../outputs/from-ledger.ts'
import { TryLater } from '../../http/problem.ts'
import type { ServiceLimits } from '../../limits/limits.ts'
import type { FleetView } from '../../state/fleet-view.ts'
import { waitUntil } from '../../state/wait.ts'
import type { PictureCache } from './picture-cache.ts'
import { pictureSizeOf } from './picture-size.ts'

interface Deps {
  redis: Redis
  keys: Keys
  fleet: Pick<FleetView, 'hasWorker'>
  limits: ServiceLimits
  /** Signs jobs for workers that do not have the file. */
  blobTokens: BlobTokens
  cache: PictureCache
  /** Whether the document is still here: its pictures must not outlive it. */
  isKept: (documentId: string) => boolean
}

interface Wanted {
  row: Document
  request: RunRequest
  page: PageResult
  width: number
}

interface Requester {
  holder: string
  isWanted: () => boolean
}

/** Rendering a page takes 0.1 to 2 s, and a worker renders one at a time. */
const maxSeconds = 20
const retryAfterSeconds = 3
/** Increases when pictures of the same page change. */
const rendererVersion = 1

/** Pictures of pages: a worker renders them, since the API decodes nothing that strangers send, and the disk keeps them. */
export function createPagePictures({
  redis,
  keys,
  fleet,
  limits,
  cache,
  isKept,
  blobTokens,
}: Deps) {
  const queue = createPictureQueue(redis, keys)

  const render = async (id: string, wanted: Wanted, size: Size, requester: Requester) => {
    const held = limits.take('pictures', requester.holder)
    try {
      const earlier = await take(id, wanted)
      if (earlier !== undefined) return earlier
      if (!(await fleet.hasWorker())) {
        const message = 'no worker is alive to render the page; start one'
        throw new TryLater('no_worker', message, retryAfterSeconds)
      }
      await queue.add(id, jobOf(wanted, size, blobTokens))
      let found: Buffer | undefined
      const isHere = async (): Promise<boolean> => (found = await take(id, wanted)) !== undefined
      await waitUntil(isHere, maxSeconds, requester.isWanted)
      if (found !== undefined) return found
      const message = `no worker has rendered the page within ${maxSeconds} s; try again`
      throw new TryLater('service_busy', message, retryAfterSeconds)
    } finally {
      held.release()
    }
  }

  const take = async (id: string, { row }: Wanted): Promise<Buffer | undefined> => {
    try {
      return await queue.take(id)
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      throw new ScriptoriumError(thrown.code, `${row.path} ${thrown.message}`, { cause: thrown })
    }
  }

  return {
    /** A page as WebP. Throws `no_worker`, `service_busy`, or the reason why it cannot be rendered. */
    async get(wanted: Wanted, requester: Requester): Promise<Buffer> {
      const { row } = wanted
      const size = pictureSizeOf(wanted.page, wanted.width)
      const name = nameOf(wanted, size)
      const known = await cache.find(row.id, name)
      if (known !== undefined) return known
      const id = hash('sha256', [row.id, name].join(' ')).slice(0, 32)
      const picture = await render(id, wanted, size, requester)
      if (isKept(row.id)) await cache.keep(row.id, name, picture)
      return picture
    },
    /** Equal for equal pictures. */
    etagOf: (wanted: Wanted): string =>
      `"${hash('sha256', nameOf(wanted, pictureSizeOf(wanted.page, wanted.width))).slice(0, 32)}"`,
    /** The job of a picture that is being rendered; undefined where there is none. */
    findJob: (id: string) => queue.find(id),
    async close(): Promise<void> {
      await queue.close()
      await cache.close()
    },
  }
}

export type PagePictures = ReturnType<typeof createPagePictures>

interface Size {
  width: number
  height: number
}

const nameOf = ({ row, page }: Wanted, { width }: Size): string =>
  `${page.page}-${width}-${row.sha256?.slice(0, 16)}-${rendererVersion}.webp`

function jobOf({ row, request, page }: Wanted, size: Size, { sign }: BlobTokens): PictureJob {
  const { root, path, follow } = inputFileOf(row, request)
  const place = { root, path, follow, ...(row.origin === 'folder' && { stat: row.stat }) }
  return {
    v: 1,
    runId: row.runId,
    ...place,
    blob: sign(place),
    page: page.page,
    ...size,
    askedAt: Date.now(),
  }
}
