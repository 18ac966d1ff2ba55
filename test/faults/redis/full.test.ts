import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeys } from '../../../shared/redis/keys.ts'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'
import { waitFor } from '../../helpers/wait.ts'

const { aggregator, results, workers } = createKeys('scriptorium')

test('A restarted aggregator drains a Redis full of results, and the run completes', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  const killed = services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '100' })
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('pages are read', () => scene.readings().size >= 5)
  killed.kill('SIGKILL')
  await killed.ended
  await waitFor('results wait', async () => (await redis.xlen(results)) >= 5)
  await redis.config('SET', 'maxmemory', '1mb')
  await assert.rejects(redis.set('probe', '1'), /OOM/)
  await redis.del(aggregator, workers)

  const next = services.startAggregator()
  await next.until('results are collected', async () => (await redis.xlen(results)) === 0)
  assert.ok(next.isRunning(), next.stderr())
  // Paused processes are alive and report it: the run must not count as lost, nor the fleet as dead.
  const isSeen = async () => (await redis.exists(aggregator, workers)) === 2
  await waitFor('aggregator and workers are seen', isSeen)
  await redis.config('SET', 'maxmemory', '0')
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stdout + stderr)
  assert.ok(next.isRunning(), next.stderr())
  assertComplete(scene.out, texts, {}, services.data)
})

test('Workers and the planner stop before Redis is full of results, and continue once they are collected', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  const frozen = services.startAggregator()
  const fleet = services.startFleet({ FAULT_SLOW_MS: '80' })
  const texts = await writePages(scene.input, manyPaths(120, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('pages are read', () => scene.readings().size >= 5)
  frozen.kill('SIGSTOP')
  scene.defer(() => frozen.kill('SIGCONT'))
  await waitFor('results wait', async () => (await redis.xlen(results)) >= 1)
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
  await redis.config('SET', 'maxmemory', String(Math.round(used / 0.93)))
  await fleet.until('the fleet pauses', () =>
    fleet.stderr().includes('Redis is nearly full, pausing'),
  )
  await redis.set('probe', '1')
  assert.ok(scene.readings().size < texts.size)

  frozen.kill('SIGCONT')
  await waitFor('results are collected', async () => (await redis.xlen(results)) === 0)
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts, {}, services.data)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})
