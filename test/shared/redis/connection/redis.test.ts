import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  requireSameClock,
  connectForAnswers,
  connectPatiently,
} from '../../../../shared/redis/connection/redis.ts'
import { startBlackHole } from '../../../helpers/processes/black-hole.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'

test('a connection that is accepted but never answered is dropped, and the next one works', async (t) => {
  const server = await startPrivateRedis()
  t.after(() => server.close())
  const hole = await startBlackHole(t, server.url)
  hole.swallow()
  const redis = connectPatiently(hole.url, silent)
  t.after(() => redis.disconnect())
  const problem = await new Promise<Error>((resolve) => redis.once('error', resolve))
  assert.match(problem.message, /no answer on a new connection/)
  hole.heal()
  assert.equal(await redis.ping(), 'PONG')
})

test('an answer that arrives while this process is blocked is accepted, however late', async (t) => {
  const server = await startPrivateRedis()
  t.after(() => server.close())
  const redis = await connectForAnswers(server.url, silent)
  t.after(() => redis.disconnect())
  const answer = redis.ping()
  // As a stopped or starved process: the timers are over before it can read.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_500)
  assert.equal(await answer, 'PONG')
  assert.equal(redis.status, 'ready')
})

test('a host whose clock is ten minutes off is refused, in either direction', async () => {
  const redis = { time: () => Promise.resolve([1_000, 0]) }
  await requireSameClock(redis, 1_050_000)
  await assert.rejects(requireSameClock(redis, 1_600_000), {
    code: 'clock_off',
    message: 'the clock of this host is 600 s ahead of that of Redis; set both by NTP',
  })
  await assert.rejects(requireSameClock(redis, 400_000), {
    code: 'clock_off',
    message: /600 s behind/,
  })
})
