import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertComplete, finalRecords } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { assertNoneLeft } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'

const workers = 2

test('A run whose process group is killed at 30 % continues with the same command', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const command = [scene.input, '--workers', String(workers), '--languages', 'eng']
  const ingest = scene.start(command, { FAULT_SLOW_MS: '100' })
  await ingest.until('30 % are begun', () => scene.readings().size >= 12)
  ingest.kill('SIGKILL', 'group')
  await ingest.ended
  await assertNoneLeft(scene.folder)
  const before = finalRecords(scene.out).map(({ path }) => `${path}#1`)
  const begun = scene.readings()
  assert.ok(before.length < texts.size, 'it was killed before the end')

  const { code, stdout } = await scene.run(command, { FAULT_SLOW_MS: '1' })
  assert.equal(code, 0, stdout)
  assertComplete(scene.out, texts)
  const readings = scene.readings()
  for (const label of before) assert.equal(readings.get(label), 1, `${label} was finished already`)
  const again = [...readings].filter(([, count]) => count > 1)
  // Each worker has a page at its engine, and one that is read and on its way to Redis.
  assert.ok(again.length <= 2 * workers, `only pages in hand are read again: ${again.join(' ')}`)
  for (const [label, count] of again) assert.equal(count, 2, label)
  assert.ok(begun.size < readings.size, 'the second command read the rest')
})

test('A page in hand at each kill of the run is not blamed', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, ['slow-a.png', 'slow-b.png'])
  const command = [scene.input, '--workers', '1', '--attempts', '2']
  for (const time of [1, 2, 3]) {
    const ingest = scene.start(command, { FAULT_SLOW_MS: '20000' })
    await ingest.until(`reading has begun ${time} times`, () => scene.readers().length === time)
    ingest.kill('SIGKILL', 'group')
    await ingest.ended
    await assertNoneLeft(scene.folder)
  }
  const { code, stderr } = await scene.run(command, { FAULT_SLOW_MS: '1' })
  assert.equal(code, 0, stderr)
  assertComplete(scene.out, texts)
})
