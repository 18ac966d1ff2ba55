import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ScriptoriumError } from '../../shared/errors.ts'
import { createKeys, ttl, type Keys } from '../../shared/keys.ts'
import type { RunRequest } from '../../shared/messages.ts'
import { connectPromptly, withoutPassword, type Redis } from '../../shared/redis.ts'
import type { Place } from './place.ts'

const aggregatorWaitMs = 5_000
const refreshMs = 5_000

/** Names an output folder in Redis. */
export const outHash = (out: string): string => hash('sha256', out).slice(0, 26)

/**
 * Joins the services behind a Redis: they run the job, this process watches.
 * Throws `redis_unreachable`, `aggregator_missing`, or `output_held` where another ingest watches a run there.
 */
export async function joinServices(
  url: string,
  prefix: string,
  request: RunRequest,
): Promise<Place> {
  const redis = await connectPromptly(url)
  const keys = createKeys(prefix)
  try {
    await waitForAggregator(redis, keys, url)
    const letGo = await hold(redis, keys, request)
    return {
      redis,
      keys,
      failure: () => undefined,
      begin: async () =>
        void (await redis.set(keys.latestRun(outHash(request.out)), request.runId)),
      needWorkers: () => undefined,
      quieten: async () => undefined, // The fleet is not ours: the run stops being planned, pages in hand end.
      async close() {
        await letGo()
        redis.disconnect()
      },
    }
  } catch (thrown) {
    redis.disconnect()
    throw thrown
  }
}

async function waitForAggregator(redis: Redis, keys: Keys, url: string): Promise<void> {
  const deadline = performance.now() + aggregatorWaitMs
  while ((await redis.exists(keys.aggregator)) === 0) {
    if (performance.now() > deadline) {
      throw new ScriptoriumError(
        'aggregator_missing',
        `no aggregator serves ${withoutPassword(url)}; start one: npm run start:aggregator`,
      )
    }
    await delay(100)
  }
}

/** Keeps others from writing to the same folder; lapses by itself when this process is killed. */
async function hold(
  redis: Redis,
  keys: Keys,
  request: RunRequest,
): Promise<() => Promise<unknown>> {
  const key = keys.holder(outHash(request.out))
  const sign = JSON.stringify({ runId: request.runId, by: request.requestedBy })
  const other = await redis.set(key, sign, 'EX', ttl.holder, 'NX', 'GET')
  if (other !== null) {
    throw new ScriptoriumError(
      'output_held',
      `${request.out} is being written by another ingest (${other}); 'npm run status -- ${request.out}' tells how far it is`,
    )
  }
  const timer = setInterval(() => {
    redis.set(key, sign, 'EX', ttl.holder).catch(() => undefined)
  }, refreshMs)
  return () => {
    clearInterval(timer)
    return redis.del(key)
  }
}
