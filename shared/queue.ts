import { Queue, type JobsOptions } from 'bullmq'
import type { Keys } from './keys.ts'
import type { Job } from './messages.ts'
import type { Redis } from './redis.ts'

export const queueName = 'pages'

/** A job and the id under which it is added: the same id is never on the queue twice. */
export interface QueuedJob {
  jobId: string
  job: Job
  /** Lower goes first; 0 goes ahead of all. */
  priority: number
}

/** Document jobs of a run wait behind the pages of documents that are open already. */
export const priorities = { interactive: 0, interactivePage: 1, page: 5, bulk: 10 } as const

/** Pages of a document that somebody waits for go ahead of those of bulk runs, and behind documents that are new. */
export const pagePriority = ({ isInteractive }: Job): number =>
  isInteractive === true ? priorities.interactivePage : priorities.page

export const pageJobId = (jobId: string, page: number): string => `${jobId}n${page}`

/** The document's job id that a page's job id begins with. */
export const documentJobId = (jobId: string): string => jobId.split('n')[0] ?? jobId

/** The queue of documents and pages, as planners and reconcilers use it. */
export function createPageQueue(redis: Redis, keys: Keys) {
  const queue = new Queue<Job>(queueName, {
    connection: redis,
    prefix: keys.bullPrefix,
    // For display only; return values are copied into it, so it is kept short.
    streams: { events: { maxLen: 200 } },
  })
  queue.on('error', () => undefined) // The connection's owner reports outages; every call rejects or waits.
  return {
    /** Adds jobs; those already there are left as they are, so a repeat after a cut is safe. */
    async add(jobs: readonly QueuedJob[]): Promise<void> {
      await queue.addBulk(
        jobs.map(({ jobId, job, priority }) => ({
          name: 'page',
          data: job,
          opts: jobOptions(jobId, job, priority),
        })),
      )
    },
    /** Takes waiting jobs off the queue; a job in a worker's hands stays. */
    async remove(jobIds: readonly string[]): Promise<void> {
      for (const jobId of jobIds) await queue.remove(jobId).catch(() => 0)
    },
    /** Which of these jobs Redis holds in any state. */
    async present(jobIds: readonly string[]): Promise<Set<string>> {
      const pipeline = redis.pipeline()
      for (const jobId of jobIds) pipeline.exists(queue.toKey(jobId))
      const answers = (await pipeline.exec()) ?? []
      return new Set(jobIds.filter((_, index) => answers[index]?.[1] === 1))
    },
    /** How many jobs no worker has taken. */
    async waiting(): Promise<WaitingJobs> {
      const { waiting = 0, prioritized = 0 } = await queue.getJobCounts('waiting', 'prioritized')
      return { interactive: waiting, bulk: prioritized }
    },
    /** Jobs by state, and since when the first of those that wait has waited (milliseconds since 1970). */
    async depth(): Promise<QueueDepth> {
      const counts = await queue.getJobCounts(...countedStates)
      // The first of each: new uploads go ahead of what has waited longer.
      const heads = await queue.getJobs(['waiting', 'prioritized'], 0, 0, true)
      const count = (state: string): number => counts[state] ?? 0
      return {
        interactive: count('waiting'),
        bulk: count('prioritized'),
        active: count('active'),
        delayed: count('delayed'),
        failed: count('failed'),
        isPaused: await queue.isPaused(),
        oldestAt: heads.length === 0 ? null : Math.min(...heads.map((job) => job.timestamp)),
      }
    },
    /** Where each of these jobs stands: how many go before it, or in a worker's hands, or not on the queue. */
    async places(jobIds: readonly string[]): Promise<Map<string, QueuePlace>> {
      const pipeline = redis.pipeline()
      for (const jobId of jobIds) {
        pipeline.exists(`${queue.toKey(jobId)}:lock`)
        // Workers take from the list's end.
        pipeline.lpos(queue.toKey('wait'), jobId, 'RANK', -1)
        pipeline.zrank(queue.toKey('prioritized'), jobId)
      }
      pipeline.llen(queue.toKey('wait'))
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
    pause: () => queue.pause(),
    resume: () => queue.resume(),
    /** Jobs that failed without their processor saying why: BullMQ gave them up. */
    failed: (limit: number) => queue.getFailed(0, limit - 1),
    /** Forgets every job. Only for a Redis that nobody else uses. */
    clear: () => queue.obliterate({ force: true }),
    close: () => queue.close(),
  }
}

const countedStates = ['waiting', 'prioritized', 'active', 'delayed', 'failed'] as const

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

/** How many jobs go before it, or that it is in a worker's hands, or that it is not here. */
export type QueuePlace = number | 'active' | 'absent'

export type PageQueue = ReturnType<typeof createPageQueue>

function jobOptions(jobId: string, job: Job, priority: number): JobsOptions {
  return {
    jobId,
    priority,
    attempts: job.attempts,
    backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
    // "Done" lives in the ledger. What failed past the processor stays until the aggregator has seen it.
    removeOnComplete: true,
    removeOnFail: false,
    stackTraceLimit: 1,
  }
}
