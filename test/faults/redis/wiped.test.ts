import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

test('A run completes although Redis is wiped in the middle', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '100' })
  const texts = await writePages(scene.input, manyPaths(30, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  for (const begun of [5, 15]) {
    await ingest.until(`${begun} pages are begun`, () => scene.readings().size >= begun)
    await redis.flushall()
  }
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts, {}, services.data)
  // Each time the two in hand and the two prepared lose their locks; a page may be hit by both.
  for (const [label, count] of scene.readings()) assert.ok(count <= 3, `${label} ${count}`)
})
