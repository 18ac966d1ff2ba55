import { Worker } from 'bullmq'
import type { PictureJob } from '../../../shared/contract/messages/picture-job.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { isWithoutBytes } from '../open/blobs/refusals.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import {
  createPictureAnswers,
  parsePictureJob,
  pictureQueueName,
} from '../../../shared/redis/picture-queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'

interface Deps {
  workerId: string
  redis: { jobs: Redis; own: Redis }
  keys: Keys
  render: (id: string, job: PictureJob) => Promise<Buffer>
  log: Lines
}

/** After a minute the request has long been answered. */
const lateMs = 60_000
const lockMs = 10_000
const stallCheckMs = 5_000

/**
 * Renders pages for people, one at a time, beside the page that the engine reads. The decoder's process opens the file,
 * so a hostile page costs that process. A job whose worker dies is given to one other worker, and then dropped.
 */
export function createPictureJobs({ workerId, redis, keys, render, log }: Deps) {
  const answers = createPictureAnswers(redis.own, keys)
  const worker = new Worker<unknown>(
    pictureQueueName,
    async ({ id = '', data }) => {
      try {
        const job = parsePictureJob(data)
        if (Date.now() - job.askedAt > lateMs) return
        await answers.put(id, await render(id, job))
      } catch (thrown) {
        const error = toProblem(thrown)
        log.warn({ pictureId: id, err: error }, 'rendering a page failed')
        await answers.refuse(id, error)
      }
    },
    {
      connection: redis.jobs,
      prefix: keys.bullPrefix,
      name: workerId,
      autorun: false,
      concurrency: 1,
      lockDuration: lockMs,
      stalledInterval: stallCheckMs,
      maxStalledCount: 1,
    },
  )
  worker.on('error', (err) => log.warn({ err }, 'taking a job for a picture failed'))
  return {
    run: () => worker.run(),
    /** Waits for the page that is being rendered. */
    close: () => worker.close(),
  }
}

/** The error for the person who waits. */
function toProblem(cause: unknown): ScriptoriumError {
  if (!(cause instanceof ScriptoriumError)) {
    return new ScriptoriumError('decoder_failed', toError(cause).message, { cause })
  }
  if (!isWithoutBytes(cause)) return cause
  return new ScriptoriumError('storage_unavailable', cause.message, { cause })
}
