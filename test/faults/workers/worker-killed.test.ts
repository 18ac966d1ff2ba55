import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'

test('A worker killed in the middle of a page costs one more reading of that page and nothing else', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(16, 'slow'))
  const ingest = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '300' })
  const victim = await ingest.until('a page is being read', () => scene.readers().at(-1))
  process.kill(victim.pid, 'SIGKILL')
  const { code } = await ingest.ended

  assert.equal(code, 0)
  assertComplete(scene.out, texts)
  const readings = scene.readings()
  assert.deepEqual(
    [...readings.keys()].toSorted(),
    [...texts.keys()].map((path) => `${path}#1`).toSorted(),
  )
  const again = [...readings].filter(([, count]) => count > 1)
  assert.deepEqual(again, [[victim.label, 2]])
})
