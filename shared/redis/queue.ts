import { Queue, type JobsOptions } from 'bullmq'
import { bandOf, bands, createFairTurns, type Band } from './fair-turns.ts'
import type { Keys } from './keys.ts'
import { jobSchema, type Job, type StoredJob } from '../contract/messages/job.ts'
import { createParser } from '../contract/messages/parser.ts'
import { preparationVersion, recipeIdOf, type Recipe } from '../contract/recipe.ts'
import { upgradeJob } from '../contract/schema/upgrades.ts'
import { createQueueView } from './queue-view.ts'
import { createRecipeStore } from './recipe-store.ts'
import type { Redis } from './connection/redis.ts'

/** Increases when jobs take a form that older workers cannot read. */
const jobVersion = 3

/**
 * Workers of another version would only fail the jobs that they take, faster than others read them: each version has
 * its own queue. A worker of this version with another engine or other language data hands jobs back:
 * workers/ocr/jobs/hand-back.ts.
 */
const queueFamily = 'pages'
export const queueName = `${queueFamily}-${jobVersion}-${preparationVersion}`

/** A job and its id: the same id is never on the queue twice. */
export interface QueuedJob {
  jobId: string
  job: Job
  /** Document jobs of a run wait behind the pages of open documents. */
  band: Band
  /** The job's submitter: callers take turns. */
  caller: string
}

/** Pages of an interactive document go ahead of those of bulk runs, and behind new documents. */
export const pageBand = ({ isInteractive }: Job): Band =>
  isInteractive === true ? bands.interactivePage : bands.page

export const pageJobId = (jobId: string, page: number): string => `${jobId}n${page}`

/** The document's job id, with which a page's job id begins. */
export const documentJobId = (jobId: string): string => jobId.split('n')[0] ?? jobId

/** Each is a command to Redis: more of them would block the event loop. */
const jobsAtATime = 100

function* inPieces<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let index = 0; index < all.length; index += jobsAtATime) {
    yield all.slice(index, index + jobsAtATime)
  }
}

/** The page number, with which a page's job id ends; null for a document's. */
export const pageOf = (jobId: string): number | null => {
  const page = jobId.split('n')[1]
  return page === undefined ? null : Number(page)
}

const toStored = (
  { recipe, blob, ...job }: Job,
  sign: ((job: Omit<Job, 'recipe'>) => string) | undefined,
): StoredJob => {
  const token = blob ?? sign?.(job)
  return { ...job, ...(token !== undefined && { blob: token }), recipeId: recipeIdOf(recipe) }
}

const parseJob = createParser('a job', jobSchema, upgradeJob)

/**
 * The queue of documents and pages, for planners and reconcilers. `sign` gives a job the token for its file; workers,
 * which cannot sign, pass on that of the document.
 */
export function createPageQueue(
  redis: Redis,
  keys: Keys,
  sign?: (job: Omit<Job, 'recipe'>) => string,
) {
  const queue = new Queue<StoredJob>(queueName, {
    connection: redis,
    prefix: keys.bullPrefix,
    // For display only; it includes copies of return values, so it is kept short.
    streams: { events: { maxLen: 200 } },
  })
  queue.on('error', () => undefined) // The connection's owner reports outages; every call rejects or waits.
  const recipes = createRecipeStore(redis, keys)
  const turns = createFairTurns(redis, keys, queue.toKey('prioritized'))

  const addOfOne = async (
    jobs: readonly QueuedJob[],
    { band, caller }: QueuedJob,
  ): Promise<void> => {
    const priorities = await turns.next(band, caller, jobs.length)
    await queue.addBulk(
      jobs.map(({ jobId, job }, index) => ({
        name: caller,
        data: toStored(job, sign),
        opts: jobOptions(jobId, job, priorities[index] ?? 0),
      })),
    )
  }

  return {
    /** Adds jobs; existing ones stay unchanged, so a repeat after a disconnection is safe. */
    async add(jobs: readonly QueuedJob[]): Promise<void> {
      // Usually there is only one kind. The check also avoids waiting for an unreachable Redis without need.
      const kinds = Map.groupBy(jobs, ({ band, caller }) => `${band} ${caller}`)
      await recipes.keep(jobs.map(({ job }) => job.recipe))
      for (const kind of kinds.values())
        for (const some of inPieces(kind)) if (some[0] !== undefined) await addOfOne(some, some[0])
    },
    /** Keeps the recipes of jobs that may wait here for another day. */
    keepRecipes: (wanted: readonly Recipe[]) => recipes.keep(wanted),
    /** An active job goes behind the others of its caller when it returns: its caller does not wait for it. */
    sendToBack: async (jobId: string): Promise<void> => {
      const [priority, caller] = await redis.hmget(queue.toKey(jobId), 'priority', 'name')
      if (priority == null) return
      const [next = 0] = await turns.next(bandOf(Number(priority)), caller ?? '', 1)
      await redis.hset(queue.toKey(jobId), 'priority', next) // BullMQ uses it when the delay ends.
    },
    /** Returns a job that has not ended; undefined where there is none. */
    find: async (jobId: string): Promise<StoredJob | undefined> => {
      const data = await redis.hget(queue.toKey(jobId), 'data')
      return data == null ? undefined : parseJob(JSON.parse(data))
    },
    /** The submitter of a job; undefined where the job is not here. */
    callerOf: async (jobId: string): Promise<string | undefined> =>
      (await redis.hget(queue.toKey(jobId), 'name')) ?? undefined,
    /** Removes waiting jobs; an active job stays. */
    async remove(jobIds: readonly string[]): Promise<void> {
      for (const some of inPieces(jobIds)) {
        await Promise.all(some.map((jobId) => queue.remove(jobId).catch(() => 0)))
      }
    },
    /**
     * Returns which of these jobs will be read, or have failed and must still be collected. A completed job that was
     * kept, as in older versions, would block its id for ever: it is removed.
     */
    async present(jobIds: readonly string[]): Promise<Set<string>> {
      const found = new Set<string>()
      for (const some of inPieces(jobIds))
        for (const jobId of await presentOf(redis, queue, some)) found.add(jobId)
      return found
    },
    ...createQueueView(redis, queue),
    /**
     * Releases the active jobs of a dead worker: the next stall check gives them to others before their locks expire.
     * Returns their number.
     */
    release: (workerId: string) => releaseJobs(redis, queue, workerId),
    pause: () => queue.pause(),
    resume: () => queue.resume(),
    /** Jobs that BullMQ failed by itself: their processor gave no reason. */
    failed: (limit: number) => queue.getFailed(0, limit - 1),
    /**
     * Deletes the queues of other versions; the aggregator adds their unread jobs to its own queue. Returns their
     * names.
     */
    forgetOthers: () => forgetOthers(redis, keys),
    /** Deletes every job. Only for a private Redis. */
    clear: () => queue.obliterate({ force: true }),
    close: () => queue.close(),
  }
}

/** Of these jobs, those that will be read or have failed; removes the completed ones. */
async function presentOf(
  redis: Redis,
  queue: Queue<StoredJob>,
  jobIds: readonly string[],
): Promise<string[]> {
  const pipeline = redis.pipeline()
  for (const jobId of jobIds) {
    pipeline.exists(queue.toKey(jobId)).zscore(queue.toKey('completed'), jobId)
  }
  const answers = (await pipeline.exec()) ?? []
  const failure = answers.find(([error]) => error !== null)?.[0]
  if (failure) throw failure
  const isCompleted = (index: number): boolean => (answers[2 * index + 1]?.[1] ?? null) !== null
  await Promise.all(
    jobIds.filter((_, index) => isCompleted(index)).map((jobId) => queue.remove(jobId)),
  )
  return jobIds.filter((_, index) => answers[2 * index]?.[1] === 1 && !isCompleted(index))
}

async function releaseJobs(
  redis: Redis,
  queue: Queue<StoredJob>,
  workerId: string,
): Promise<number> {
  const active = await redis.lrange(queue.toKey('active'), 0, -1)
  const asking = redis.pipeline()
  for (const jobId of active) asking.hget(queue.toKey(jobId), 'pb') // BullMQ's name for processedBy.
  const holders = (await asking.exec()) ?? []
  const own = active.filter((_, index) => holders[index]?.[1] === workerId)
  const releasing = redis.multi()
  for (const jobId of own) {
    releasing.del(`${queue.toKey(jobId)}:lock`).sadd(queue.toKey('stalled'), jobId)
  }
  if (own.length > 0) await releasing.exec()
  return own.length
}

async function forgetOthers(redis: Redis, keys: Keys): Promise<string[]> {
  const names = (await namesOf(redis, keys)).filter((name) => name !== queueName)
  for (const name of names) {
    const other = new Queue(name, { connection: redis, prefix: keys.bullPrefix })
    other.on('error', () => undefined)
    await other.obliterate({ force: true })
    await other.close()
  }
  return names
}

/** The queues that some version of ours has made. */
async function namesOf(redis: Redis, { bullPrefix }: Keys): Promise<string[]> {
  const names: string[] = []
  let cursor = '0'
  do {
    const pattern = `${bullPrefix}:${queueFamily}*:meta`
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000)
    names.push(...found.map((key) => key.slice(bullPrefix.length + 1, -':meta'.length)))
    cursor = next
  } while (cursor !== '0')
  return [...new Set(names)]
}

export type PageQueue = ReturnType<typeof createPageQueue>

function jobOptions(jobId: string, job: Job, priority: number): JobsOptions {
  return {
    jobId,
    priority,
    attempts: job.attempts,
    backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
    // The ledger knows which documents are done. Jobs that failed outside their processor stay until the aggregator has
    // seen them.
    removeOnComplete: true,
    removeOnFail: false,
    stackTraceLimit: 1,
  }
}
