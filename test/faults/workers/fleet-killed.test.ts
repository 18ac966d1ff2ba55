import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'
import { waitFor } from '../../helpers/wait.ts'

test('A killed fleet takes its workers with it, and a later one reads the rest by itself', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  const fleet = services.startFleet({ FAULT_SLOW_MS: '200' })
  const texts = await writePages(scene.input, manyPaths(20, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size >= 4)
  fleet.kill('SIGKILL')
  await waitFor('every worker is gone', () => findProcesses(scene.folder, 'ocr/main').length === 0)
  services.startFleet({ FAULT_SLOW_MS: '20' })
  const { code, stderr } = await ingest.ended
  assert.equal(code, 0, stderr)
  assertComplete(scene.out, texts, {}, services.data)
  // Two in hand and two prepared were lost.
  const again = [...scene.readings().values()].filter((count) => count > 1)
  assert.ok(again.length <= 4, `${again.length}`)
})

test('Each role restarts after SIGTERM under load: all exit with 0, and no page is read twice', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  let aggregator = services.startAggregator()
  let fleet = services.startFleet({ FAULT_SLOW_MS: '50' })
  const texts = await writePages(scene.input, manyPaths(60, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  for (const begun of [5, 20]) {
    await ingest.until(`${begun} pages are begun`, () => scene.readings().size >= begun)
    fleet.kill('SIGTERM')
    assert.equal((await fleet.ended).code, 0)
    fleet = services.startFleet({ FAULT_SLOW_MS: '50' })
    aggregator.kill('SIGTERM')
    assert.equal((await aggregator.ended).code, 0)
    aggregator = services.startAggregator()
  }
  const { code, stderr } = await ingest.ended
  assert.equal(code, 0, stderr)
  assertComplete(scene.out, texts, {}, services.data)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('A worker that is stopped in a page longer than its deadline loses that page alone, which is read elsewhere', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  const spot = services.startFleet({
    SCRIPTORIUM_WORKERS: '1',
    SCRIPTORIUM_DRAIN_MS: '1000',
    FAULT_SLOW_MS: '600000',
  })
  const texts = await writePages(scene.input, manyPaths(8, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('a page is in hand', () => scene.readings().size === 1)
  spot.kill('SIGTERM')
  await spot.ended
  services.startFleet({ FAULT_SLOW_MS: '20' })
  const { code, stderr } = await ingest.ended
  assert.equal(code, 0, stderr)
  assertComplete(scene.out, texts, {}, services.data)
  const again = [...scene.readings().values()].filter((count) => count > 1)
  assert.deepEqual(again, [2])
})
