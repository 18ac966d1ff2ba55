import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

test('An aggregator killed repeatedly at random moments records each page once', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startFleet({ FAULT_SLOW_MS: '40' })
  let aggregator = services.startAggregator()
  const texts = await writePages(scene.input, manyPaths(150, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size > 0)
  const moments: number[] = []
  while (ingest.isRunning() && moments.length < 8) {
    const moment = Math.round(Math.random() * 300)
    moments.push(moment)
    await delay(moment) // The moment is the fault, nothing is waited for.
    aggregator.kill('SIGKILL')
    await aggregator.ended
    const next = services.startAggregator()
    await next.until('it is back', () => next.stderr().includes('"msg":"ready"'))
    aggregator = next
  }
  t.diagnostic(`killed after ${moments.join(', ')} ms`)
  const { code, stderr } = await ingest.ended
  assert.equal(code, 0, stderr)
  assert.ok(moments.length > 3)
  assertComplete(scene.out, texts, {}, services.data)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('The embedded aggregator is restarted after a kill', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const ingest = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '50' })
  await ingest.until('some pages are begun', () => scene.readings().size >= 10)
  for (const { pid } of findProcesses(scene.folder, 'aggregator/main.ts'))
    process.kill(pid, 'SIGKILL')
  const { code, stdout } = await ingest.ended
  assert.equal(code, 0)
  assert.match(stdout, /^Done: 40 read, 0 failed, 0 unchanged\.$/m)
  assertComplete(scene.out, texts)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})
