import { Queue, type JobsOptions } from 'bullmq'
import { bandOf, bands, createFairTurns, scoresOf, type Band } from './fair-turns.ts'
import type { Keys } from './keys.ts'
import type { Job, StoredJob } from '../contract/messages/job.ts'
import { preparationVersion, recipeIdOf, type Recipe } from '../contract/recipe.ts'
import { createRecipeStore } from './recipe-store.ts'
import type { Redis } from './connection/redis.ts'

/** Increases when jobs take a form that older workers cannot read. */
const jobVersion = 2

/**
 * Workers of another version would only fail the jobs that they take, faster than others read them: each version has a
 * queue of its own. A worker of this version with another engine or other language data hands jobs back:
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

/** Each is a command to Redis: more of them would keep the event loop. */
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

const toStored = ({ recipe, ...job }: Job): StoredJob => ({ ...job, recipeId: recipeIdOf(recipe) })

/** The queue of documents and pages, for planners and reconcilers. */
export function createPageQueue(redis: Redis, keys: Keys) {
  const queue = new Queue<StoredJob>(queueName, {
    connection: redis,
    prefix: keys.bullPrefix,
    // For display only; it includes copies of return values, so it is kept short.
    streams: { events: { maxLen: 200 } },
  })
  queue.on('error', () => undefined) // The connection's owner reports outages; every call rejects or waits.
  const [wait, prioritized] = [queue.toKey('wait'), queue.toKey('prioritized')]
  const recipes = createRecipeStore(redis, keys)
  const turns = createFairTurns(redis, keys, prioritized)

  const addOfOne = async (
    jobs: readonly QueuedJob[],
    { band, caller }: QueuedJob,
  ): Promise<void> => {
    const priorities = await turns.next(band, caller, jobs.length)
    await queue.addBulk(
      jobs.map(({ jobId, job }, index) => ({
        name: caller,
        data: toStored(job),
        opts: jobOptions(jobId, job, priorities[index] ?? 0),
      })),
    )
  }

  const presentOf = async (jobIds: readonly string[]): Promise<string[]> => {
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

  /** Jobs of an older version, and of bands: the end of a list, and a sorted set. */
  const waiting = async (): Promise<WaitingJobs> => {
    const [old, all, interactive] = await answersOf(
      redis
        .pipeline()
        .llen(wait)
        .zcard(prioritized)
        .zcount(prioritized, '-inf', scoresOf(bands.interactive)[1]),
    )
    const first = Number(old) + Number(interactive)
    return { interactive: first, bulk: Number(all) - Number(interactive) }
  }

  /** Time since which the first job of each band has waited; undefined where none waits. */
  const oldestAt = async (): Promise<number | undefined> => {
    const looking = redis.pipeline().lindex(wait, -1)
    for (const band of Object.values(bands)) {
      looking.zrange(prioritized, ...scoresOf(band), 'BYSCORE', 'LIMIT', 0, 1)
    }
    const heads = (await answersOf(looking)).flat().filter((id) => typeof id === 'string')
    if (heads.length === 0) return undefined
    const asking = redis.pipeline()
    for (const id of heads) asking.hget(queue.toKey(id), 'timestamp')
    const times = (await answersOf(asking)).map(Number).filter((at) => at > 0)
    return times.length === 0 ? undefined : Math.min(...times)
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
        for (const jobId of await presentOf(some)) found.add(jobId)
      return found
    },
    /** Number of jobs that no worker has taken. */
    waiting,
    /** Number of jobs by state, and the time since which the first waiting job has waited (milliseconds since 1970). */
    async depth(): Promise<QueueDepth> {
      const [depth, counts, isPaused, oldest] = await Promise.all([
        waiting(),
        queue.getJobCounts(...countedStates),
        queue.isPaused(),
        oldestAt(), // Not that of the first job: new uploads go ahead of jobs that have waited longer.
      ])
      const { active = 0, delayed = 0, failed = 0 } = counts
      return { ...depth, active, delayed, failed, isPaused, oldestAt: oldest ?? null }
    },
    /** Position of each of these jobs: the number of jobs ahead of it, or active, or absent. */
    async places(jobIds: readonly string[]): Promise<Map<string, QueuePlace>> {
      const pipeline = redis.pipeline()
      for (const jobId of jobIds) {
        pipeline.exists(`${queue.toKey(jobId)}:lock`)
        // Workers take from the end of the list.
        pipeline.lpos(wait, jobId, 'RANK', -1)
        pipeline.zrank(prioritized, jobId)
      }
      pipeline.llen(wait)
      const answers = ((await pipeline.exec()) ?? []).map(([, answer]) => answer)
      const first = Number(answers.at(-1) ?? 0)
      return new Map(
        jobIds.map((jobId, index): [string, QueuePlace] => {
          const [lock, inList, rank] = answers.slice(3 * index, 3 * index + 3)
          if (lock === 1) return [jobId, 'active']
          if (typeof inList === 'number') return [jobId, first - 1 - inList]
          return [jobId, typeof rank === 'number' ? first + rank : 'absent']
        }),
      )
    },
    /**
     * Releases the active jobs of a dead worker: the next stall check gives them to others, and nobody waits until its
     * locks expire. Returns their number.
     */
    async release(workerId: string): Promise<number> {
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
    },
    pause: () => queue.pause(),
    resume: () => queue.resume(),
    /** Jobs that BullMQ failed by itself: their processor gave no reason. */
    failed: (limit: number) => queue.getFailed(0, limit - 1),
    /**
     * Deletes the queues of other versions; the aggregator adds their unread jobs to its own queue. Returns their
     * names.
     */
    async forgetOthers(): Promise<string[]> {
      const names = (await namesOf(redis, keys)).filter((name) => name !== queueName)
      for (const name of names) {
        const other = new Queue(name, { connection: redis, prefix: keys.bullPrefix })
        other.on('error', () => undefined)
        await other.obliterate({ force: true })
        await other.close()
      }
      return names
    },
    /** Deletes every job. Only for a private Redis. */
    clear: () => queue.obliterate({ force: true }),
    close: () => queue.close(),
  }
}

/** Returns the answers of a pipeline; throws the first error. */
async function answersOf(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const answers = (await pipeline.exec()) ?? []
  const failure = answers.find(([error]) => error !== null)?.[0]
  if (failure) throw failure
  return answers.map(([, answer]) => answer)
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

const countedStates = ['active', 'delayed', 'failed'] as const

export interface WaitingJobs {
  interactive: number
  bulk: number
}

export interface QueueDepth extends WaitingJobs {
  active: number
  delayed: number
  failed: number
  isPaused: boolean
  oldestAt: number | null
}

/** The number of jobs ahead of it, or that it is active, or absent. */
export type QueuePlace = number | 'active' | 'absent'

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
