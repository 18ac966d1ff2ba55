import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join } from 'node:path'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

test("A second ingest on the same output folder gets the holder's name, and the first completes", async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(16, 'slow'))
  const first = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '300' })
  await first.until('a page is begun', () => scene.readings().size > 0)
  const second = await scene.run([scene.input])
  assert.equal(second.code, 9)
  assert.match(second.stderr, new RegExp(`in use by another ingest \\(process ${first.pid} on `))
  assert.equal(second.stderr.trimEnd().split('\n').length, 1)
  assert.ok(first.isRunning())

  assert.equal((await first.ended).code, 0)
  assertComplete(scene.out, texts)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('With shared services, too, only one ingest at a time writes to a folder', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '1500' })
  const texts = await writePages(scene.input, manyPaths(12, 'slow'))
  const first = scene.start([scene.input], services.environment)
  await first.until('a page is begun', () => scene.readings().size > 0)
  const second = await scene.run([scene.input], services.environment)
  assert.equal(second.code, 9)
  assert.match(second.stderr, new RegExp(`another ingest .*\\(process ${first.pid}\\)`))

  assert.equal((await first.ended).code, 0)
  assertComplete(scene.out, texts, {}, services.data)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('Two ingests of one folder into two output folders share the services', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '50' })
  const texts = await writePages(scene.input, manyPaths(20, 'slow'))
  const outs = ['out-a', 'out-b'].map((name) => join(scene.folder, name))
  const runs = outs.map((out) => scene.run([scene.input, '--out', out], services.environment))
  for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 0, stderr)
  for (const out of outs) assertComplete(out, texts, {}, services.data)
  for (const [label, count] of scene.readings()) assert.ok(count <= 2, label)
})
