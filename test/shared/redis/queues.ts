import type { TestContext } from 'node:test'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { bands, type Band } from '../../../shared/redis/fair-turns.ts'
import { createKeys, type Keys } from '../../../shared/redis/keys.ts'
import { createPageQueue, queueName, type QueuedJob } from '../../../shared/redis/queue.ts'
import { makeJob } from '../../helpers/ledger/records.ts'

export const queued = (
  jobId: string,
  path = 'a.png',
  band: Band = bands.bulk,
  caller = 'tester',
): QueuedJob => ({ jobId, job: makeJob({ path }), band, caller })

/** Jobs of every kind, added in another order than that of their delivery. */
export const mixed = [
  queued('bulk1', 'b.png', bands.bulk),
  queued('upload1', 'u.png', bands.interactive),
  queued('bulk2', 'b.png', bands.bulk),
  queued('page', 'p.png', bands.page),
  queued('upload2', 'u.png', bands.interactive),
]
export const inOrder = ['upload1', 'upload2', 'page', 'bulk1', 'bulk2']

/** Queues on this Redis, and a worker that takes their jobs. */
export function queuesOn(redis: Redis) {
  function openQueue(t: TestContext, prefix: string) {
    const keys = createKeys(prefix)
    const queue = createPageQueue(redis, keys)
    t.after(() => queue.close())
    return { keys, queue }
  }

  /** Takes jobs like a worker, until `count` have been handled. */
  async function take(
    t: TestContext,
    keys: Keys,
    count: number,
    handle: (id: string, path: string) => void = () => undefined,
  ): Promise<string[]> {
    const taken: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const worker = new Worker<{ path: string }>(
      queueName,
      async (job) => handle(job.id ?? '', job.data.path),
      { connection: redis, prefix: keys.bullPrefix },
    )
    t.after(() => worker.close())
    const onEnd = (id: string): void => {
      if (taken.push(id) === count) resolve()
    }
    worker.on('completed', (job) => onEnd(job.id ?? ''))
    worker.on('failed', (job) => onEnd(job?.id ?? ''))
    worker.on('error', (error) => t.diagnostic(error.message))
    await promise
    return taken
  }

  return { openQueue, take }
}
