import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, outputFiles } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { assertNoneLeft } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { waitFor } from '../../helpers/wait.ts'

test('The first Ctrl-C finishes the pages in hand and prints the command to continue', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(30, 'slow'))
  const command = [scene.input, '--workers', '2']
  const ingest = scene.start(command, { FAULT_SLOW_MS: '200' })
  await ingest.until('some pages are begun', () => scene.readings().size >= 6)
  ingest.kill('SIGINT', 'group') // As a terminal does.
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 130)
  assert.match(stderr, /scriptorium\.js ingest \S*in --workers 2 --out \S*out$/m)
  assert.match(stdout, /^Interrupted: \d+ read, 0 failed, \d+ left\.$/m)
  await assertNoneLeft(scene.folder)
  const begun = scene.readings()
  assert.ok(begun.size < texts.size)

  const second = await scene.run(command, { FAULT_SLOW_MS: '1' })
  assert.equal(second.code, 0)
  assertComplete(scene.out, texts)
  for (const [label, count] of scene.readings())
    assert.equal(count, 1, `${label} was in hand or open`)
})

test('The second Ctrl-C exits at once and leaves no process', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(4, 'slow'))
  const ingest = scene.start([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '25000' })
  await ingest.until('a page is begun', () => scene.readings().size > 0)
  ingest.kill('SIGINT', 'group')
  await ingest.until('it says that it drains', () => ingest.stderr().includes('Ctrl-C again'))
  // Signals within a second count as the same key press, so it is repeated until it takes effect.
  await waitFor('it has ended', () => {
    if (ingest.isRunning()) ingest.kill('SIGINT', 'group')
    return !ingest.isRunning()
  })
  assert.equal((await ingest.ended).code, 130)
  await assertNoneLeft(scene.folder)
  assert.deepEqual(outputFiles(scene.out), [])

  assert.equal((await scene.run([scene.input, '--workers', '2'], { FAULT_SLOW_MS: '1' })).code, 0)
  assertComplete(scene.out, texts)
})

test('A Ctrl-C during the start is handled too', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(8, 'slow'))
  const ingest = scene.start([scene.input], { FAULT_SLOW_MS: '500' })
  const sign = join(scene.out, '.scriptorium', 'run.lock.holder')
  await ingest.until('it has begun to start', () => existsSync(sign))
  ingest.kill('SIGINT', 'group')
  const { code, stderr } = await ingest.ended
  assert.equal(code, 130)
  assert.match(stderr, /scriptorium\.js ingest /)
  await assertNoneLeft(scene.folder)
  assert.ok(scene.readings().size < texts.size)
  assert.equal((await scene.run([scene.input], { FAULT_SLOW_MS: '1' })).code, 0)
  assertComplete(scene.out, texts)
})
