import { hostname } from 'node:os'
import { toError } from '../../shared/process/errors.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import { workerIdOf } from '../../shared/contract/ids.ts'

const redisDeadlineMs = 5_000

/**
 * Releases the jobs of a dead worker at once; otherwise they wait until its locks expire. A fleet holds no connection
 * to Redis, so this function opens one, and loads the client only now.
 */
export const releaseThrough =
  (url: string, prefix: string, log: Logger) =>
  async (pid: number): Promise<void> => {
    const workerId = workerIdOf(hostname(), pid)
    try {
      const { connectPromptly } = await import('../../shared/redis/connection/redis.ts')
      const { createPageQueue } = await import('../../shared/redis/queue.ts')
      const redis = await connectPromptly(url, redisDeadlineMs)
      try {
        const queue = createPageQueue(redis, createKeys(prefix))
        const jobs = await queue.release(workerId)
        await queue.close()
        if (jobs > 0) log.info({ workerId, jobs }, 'released the jobs of a dead worker')
      } finally {
        redis.disconnect()
      }
    } catch (thrown) {
      log.warn(
        { workerId, err: toError(thrown) },
        'releasing the jobs of a dead worker failed, their locks must expire',
      )
    }
  }
