import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'
import { waitFor } from '../../helpers/wait.ts'

test('A run completes although Redis hangs until every lock has expired', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '100' })
  const texts = await writePages(scene.input, manyPaths(20, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size >= 4)
  const pid = Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1])
  process.kill(pid, 'SIGSTOP')
  // Longer than a lock of this scene lasts.
  const until = performance.now() + 4_000
  await waitFor('the locks have run out', () => performance.now() > until)
  process.kill(pid, 'SIGCONT')
  const { code, stderr } = await ingest.ended
  assert.equal(code, 0, stderr)
  assertComplete(scene.out, texts, {}, services.data)
})
