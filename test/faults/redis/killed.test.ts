import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { findProcesses } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

test('An embedded Redis is restarted after two kills, and the run completes', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const ingest = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '100' })
  const killed = new Set<number>()
  for (const begun of [6, 18]) {
    await ingest.until(`${begun} pages are begun`, () => scene.readings().size >= begun)
    const server = await ingest.until('Redis runs', () =>
      findProcesses(scene.folder, 'redis-server unixsocket').find(({ pid }) => !killed.has(pid)),
    )
    process.kill(server.pid, 'SIGKILL')
    killed.add(server.pid)
  }
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stdout + stderr)
  assert.equal(killed.size, 2)
  assertComplete(scene.out, texts)
  for (const [label, count] of scene.readings()) assert.ok(count <= 2, `${label} ${count}`)
})
