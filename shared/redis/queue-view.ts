import type { Queue } from 'bullmq'
import { bands, scoresOf } from './fair-turns.ts'
import type { Redis } from './connection/redis.ts'

const countedStates = ['active', 'delayed', 'failed'] as const

export interface WaitingJobs {
  interactive: number
  bulk: number
}

interface QueueDepth extends WaitingJobs {
  active: number
  delayed: number
  failed: number
  isPaused: boolean
  oldestAt: number | null
}

/** The number of jobs ahead of it, or that it is active, or absent. */
export type QueuePlace = number | 'active' | 'absent'

/** The state of a queue and of its jobs; changes nothing. */
export function createQueueView(
  redis: Redis,
  queue: Pick<Queue, 'toKey' | 'getJobCounts' | 'isPaused'>,
) {
  const [wait, prioritized] = [queue.toKey('wait'), queue.toKey('prioritized')]

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
  }
}

/** Returns the answers of a pipeline; throws the first error. */
async function answersOf(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const answers = (await pipeline.exec()) ?? []
  const failure = answers.find(([error]) => error !== null)?.[0]
  if (failure) throw failure
  return answers.map(([, answer]) => answer)
}
