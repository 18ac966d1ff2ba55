import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createMemoryGauge } from '../../../../shared/redis/connection/redis-memory.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const marks = { high: 0.8, low: 0.6 }

/** Lets `share` of the memory be in use. */
async function fill(share: number): Promise<void> {
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
  await redis.config('SET', 'maxmemory', String(Math.round(used / share)))
}

test('without a limit Redis is never full', async () => {
  assert.equal(await createMemoryGauge(redis, marks).isFull(), false)
})

test('Redis is full from the high mark on, and has room again only below the low mark', async () => {
  const gauge = createMemoryGauge(redis, marks)
  const seen: boolean[] = []
  for (const share of [0.5, 0.7, 0.9, 0.7, 0.5, 0.7]) {
    await fill(share)
    seen.push(await gauge.isFull())
  }
  assert.deepEqual(seen, [false, false, true, true, false, false])
})
