import { DelayedError, type Job as QueueJob } from 'bullmq'
import type { Job, StoredJob } from '../../../shared/contract/messages/job.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { delayAfter } from '../../../shared/process/waiting/retry.ts'
import type { RecipeStore } from '../../../shared/redis/recipe-store.ts'
import { untilTaken } from '../../../shared/redis/connection/redis-trouble.ts'

interface Deps {
  /** Takes no job for this many milliseconds. */
  pause: (forMs: number) => void
  /** Lets other jobs of the same caller go ahead of a job. */
  sendToBack: (jobId: string) => Promise<void>
  findRecipe: RecipeStore['find']
  /** Returns why this worker cannot read a job; null where it can. */
  cannotRead: (job: Job) => Promise<string | null>
  log: Lines
}

/**
 * Long enough for another worker to take it first when the delay ends: this worker stands back for at least as long.
 */
const delayMs = 500
/** The aggregator stores the recipes of open runs again every ten seconds. */
const recipeDelayMs = 5_000
const pauses = { firstMs: 500, maxMs: 10_000 }

/**
 * Attaches recipes to jobs. Hands back the jobs whose recipe is not in Redis at present, and those whose recipe this
 * worker cannot read: unread, and without counting an attempt. A worker that finds no other job stands back for longer
 * each time: 7 jobs in ten seconds. Without the pause it would take 900 a second off the queue, at 0.2 ms of processor
 * time each, and other workers would find the queue empty.
 */
export function createHandBack({ pause, sendToBack, findRecipe, cannotRead, log }: Deps) {
  let inARow = 0
  const putBack = async (
    queued: QueueJob,
    token: string | undefined,
    forMs: number,
  ): Promise<never> => {
    inARow += 1
    pause(delayAfter(inARow, pauses))
    // A rejection by Redis here would count as an attempt of the job.
    await untilTaken(() => sendToBack(queued.id ?? ''))
    await untilTaken(() => queued.moveToDelayed(Date.now() + forMs, token))
    throw new DelayedError()
  }
  /**
   * Returns the job if this worker can read it; otherwise throws the error with which BullMQ learns that the job was
   * moved.
   */
  return async (
    queued: QueueJob,
    token: string | undefined,
    { recipeId, ...rest }: StoredJob,
  ): Promise<Job> => {
    const recipe = await untilTaken(() => findRecipe(recipeId))
    if (recipe === undefined) {
      log.warn({ recipeId }, 'Redis lacks the recipe of a job, the job waits')
      return putBack(queued, token, recipeDelayMs)
    }
    const job = { ...rest, recipe }
    const why = await cannotRead(job)
    if (why === null) {
      inARow = 0
      return job
    }
    const { fingerprint } = job
    if (inARow === 0) log.warn({ recipe, fingerprint, why }, 'this worker cannot read this recipe')
    return putBack(queued, token, delayMs)
  }
}
