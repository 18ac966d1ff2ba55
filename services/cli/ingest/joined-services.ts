import { setTimeout as delay } from 'node:timers/promises'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createKeys, ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { createPdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import {
  connectPromptly,
  withoutPassword,
  type Redis,
} from '../../../shared/redis/connection/redis.ts'
import { outHash, type RunServices } from './run-services.ts'

const aggregatorWaitMs = 5_000
const refreshMs = 5_000
/** An unreachable Redis does not block the exit: our keys in it expire. */
const goodbyeMs = 2_000

/**
 * Joins the services behind a Redis: they run the job, this process watches.
 * Throws `redis_unreachable`, `aggregator_missing`, or `output_held` where another ingest watches a run there.
 */
export async function joinServices(
  url: string,
  environment: NodeJS.ProcessEnv,
  request: FolderRequest,
): Promise<RunServices> {
  const redis = await connectPromptly(url)
  const keys = createKeys(environment['SCRIPTORIUM_PREFIX'] ?? 'scriptorium')
  try {
    await waitForAggregator(redis, keys, url)
    const letGo = await hold(redis, keys, request)
    return {
      redis,
      keys,
      pdfPasswords: createPdfPasswords(redis, keys, environment),
      where: `the aggregator at ${withoutPassword(url)}`,
      failure: () => undefined,
      begin: () => undefined,
      needWorkers: () => undefined,
      quieten: async () => undefined, // The fleet is not ours: planning of the run stops, and pages in hand are finished.
      async close() {
        await Promise.race([letGo(), delay(goodbyeMs, undefined, { ref: false })])
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
        `no aggregator serves ${withoutPassword(url)}; start one with the same REDIS_URL: npx scriptorium serve, ` +
          'or the service `aggregator` of Docker Compose',
      )
    }
    await delay(100)
  }
}

/** Keeps others from writing to the same folder; expires by itself when this process is killed. */
async function hold(
  redis: Redis,
  keys: Keys,
  request: FolderRequest,
): Promise<() => Promise<unknown>> {
  const key = keys.holder(outHash(request.out))
  const sign = JSON.stringify({ runId: request.runId, by: request.requestedBy })
  const other = await redis.set(key, sign, 'EX', ttl.holder, 'NX', 'GET')
  if (other !== null) {
    throw new ScriptoriumError(
      'output_held',
      `${request.out} is in use by another ingest (${other}); 'npx scriptorium status ${request.out}' shows its progress`,
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
