import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, textOf, tiffOf, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { refusalsOf } from '../../helpers/api/refusals.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

const refusedMs = 900
const takenMs = 300

test('No page fails and no process exits while Redis repeatedly refuses writes for any reason', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  const roles = [services.startAggregator(), services.startFleet({ FAULT_SLOW_MS: '60' })]
  const texts = await writePages(scene.input, manyPaths(60, 'slow'))
  for (const name of ['a.tif', 'b.tif', 'c.tif']) {
    const seeds = [0, 1, 2, 3].map((page) => `${name} ${page}`)
    writeOld(join(scene.input, name), await tiffOf(seeds))
    texts.set(name, (await Promise.all(seeds.map(textOf))).join('\f'))
  }
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size > 0)
  const began = performance.now()
  const seen: string[] = []
  while (ingest.isRunning() && seen.length < 24) {
    for (const { name, begin, heal } of refusalsOf(services.redis, redis)) {
      seen.push(name)
      await begin()
      await delay(refusedMs) // The moments are the fault, nothing is waited for.
      await heal()
      await delay(takenMs)
    }
  }
  const { code, stdout, stderr } = await ingest.ended
  const minutes = (performance.now() - began) / 60_000
  assert.equal(code, 0, stdout + stderr)
  assert.ok(seen.length >= 4, seen.join(' '))
  assertComplete(scene.out, texts, {}, services.data)
  for (const role of roles) {
    assert.ok(role.isRunning(), role.stderr())
    const lines = linesByProcess(role.stderr())
    t.diagnostic(`${minutes.toFixed(1)} min, lines by process: ${[...lines.values()].join(', ')}`)
    for (const count of lines.values()) assert.ok(count <= 20 * (1 + minutes), role.stderr())
  }
})

/** Warnings and errors of each process. */
function linesByProcess(text: string): Map<number, number> {
  const counts = new Map<number, number>()
  for (const line of text.split('\n').filter((each) => each.startsWith('{'))) {
    const { level, pid } = JSON.parse(line) as { level: number; pid: number }
    if (level >= 40) counts.set(pid, (counts.get(pid) ?? 0) + 1)
  }
  return counts
}
