import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { assertNoneLeft, findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

test('After a kill of ingest alone, its children exit by themselves, busy or idle', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(6, 'slow'))
  // Longer than the permitted time: a process that waits for its page would be found.
  const ingest = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '25000' })
  await ingest.until(
    'both workers read',
    () => new Set(scene.readers().map(({ pid }) => pid)).size === 2,
  )
  for (const part of ['aggregator/main.ts', 'fleet/main.ts', 'ocr/main.ts', 'redis-server']) {
    assert.notEqual(findProcesses(scene.folder, part).length, 0, part)
  }
  assert.ok(findProcesses(scene.folder).length >= 6)
  ingest.kill('SIGKILL')
  await ingest.ended
  await assertNoneLeft(scene.folder)

  const { code } = await scene.run([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '1' })
  assert.equal(code, 0)
  assertComplete(scene.out, texts)
  for (const [label, count] of scene.readings()) assert.ok(count <= 2, label)
})
