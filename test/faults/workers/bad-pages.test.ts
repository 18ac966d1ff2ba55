import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, finalRecords } from '../../helpers/outcome.ts'
import { manyPaths, textOf, tiffOf, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'

test('A hanging page is killed at its timeout, twice at most, and named', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(6))
  await writePages(scene.input, ['hang-a.png'])
  const { code, stderr } = await scene.run([scene.input, '--timeout', '0.5', '--workers', '2'])
  assert.equal(code, 2)
  assertComplete(scene.out, texts, { 'hang-a.png': 'timeout' })
  assert.match(stderr, /^hang-a\.png: page_timeout: not read within \d+ ms$/m)
  assert.equal(scene.readings().get('hang-a.png#1'), 2)
})

test(
  'A copy of a hanging page is read itself, and its own copies are not',
  { timeout: 240_000 },
  async (t) => {
    const scene = createScene(t)
    const texts = await writePages(scene.input, manyPaths(3))
    await writePages(scene.input, ['hang-a.png'])
    for (const copy of ['y.png', 'z.png']) {
      writeOld(join(scene.input, copy), readFileSync(join(scene.input, 'hang-a.png')))
      texts.set(copy, await textOf('hang-a.png'))
    }
    const { code } = await scene.run([scene.input, '--timeout', '0.5', '--workers', '1'])
    assert.equal(code, 2)
    assertComplete(scene.out, texts, { 'hang-a.png': 'timeout' })
    const readings = scene.readings()
    assert.equal((readings.get('y.png#1') ?? 0) + (readings.get('z.png#1') ?? 0), 1)
  },
)

test('A throwing engine is tried --attempts times, and one that throws once succeeds', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, [...manyPaths(6), 'throw-once-a.png'])
  await writePages(scene.input, ['throw-a.png'])
  const { code, stderr } = await scene.run([scene.input, '--attempts', '2', '--workers', '2'])
  assert.equal(code, 2)
  assertComplete(scene.out, texts, { 'throw-a.png': 'failed' })
  assert.match(stderr, /^throw-a\.png: engine_failed: the engine failed: on purpose$/m)
  const readings = scene.readings()
  assert.equal(readings.get('throw-a.png#1'), 2)
  assert.equal(readings.get('throw-once-a.png#1'), 2)
})

test('A page that kills its worker is set aside after three deaths, and its neighbours are all read', async (t) => {
  const scene = createScene(t)
  const environment = { SCRIPTORIUM_LOCK_MS: '1000' }
  const texts = await writePages(scene.input, [...manyPaths(20), 'exit-once-a.png'])
  await writePages(scene.input, ['exit-a.png', '1/oom-b.png'])
  // Independent of the number of attempts.
  const command = [scene.input, '--attempts', '5', '--workers', '2']
  const { code, stderr } = await scene.run(command, environment)
  assert.equal(code, 2)
  assertComplete(scene.out, texts, { 'exit-a.png': 'failed', '1/oom-b.png': 'failed' })
  assert.match(stderr, /^exit-a\.png: poison: worker processes died 3 times while reading it; /m)
  for (const row of finalRecords(scene.out)) {
    if (row.outcome === 'failed') assert.equal(row.error?.code, 'poison')
  }
  for (const [label, count] of scene.readings()) assert.ok(count <= 3, `${label} ${count}`)
  const again = await scene.run([scene.input, '--workers', '2', '--retry-failed'], environment)
  assert.equal(again.code, 2)
  assert.equal(scene.readings().get('exit-a.png#1'), 6, 'a retry resets the count')
})

test('A document whose pages all kill their worker ends after a few deaths, and its neighbours are read', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(10))
  const seeds = Array.from({ length: 30 }, (_, page) => `exit-${page}`)
  writeOld(join(scene.input, 'exit-a.tif'), await tiffOf(seeds))
  const environment = { SCRIPTORIUM_LOCK_MS: '1000' }
  const { code } = await scene.run([scene.input, '--attempts', '2', '--workers', '2'], environment)
  assert.equal(code, 2)
  assertComplete(scene.out, texts, { 'exit-a.tif': 'failed' })
  const deaths = scene.readers().filter(({ label }) => label.startsWith('exit-a.tif')).length
  assert.ok(deaths < 15, `${deaths} deaths`)
})

test('With one attempt, the neighbour of a page that kills its worker is still read', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(8))
  await writePages(scene.input, ['0/exit-a.png'])
  const environment = { SCRIPTORIUM_LOCK_MS: '1000' }
  const { code } = await scene.run([scene.input, '--attempts', '1', '--workers', '1'], environment)
  assert.equal(code, 2)
  assertComplete(scene.out, texts, { '0/exit-a.png': 'failed' })
})

test('An engine that returns garbage fails its page, and the run ends', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(4))
  await writePages(scene.input, ['garbage-a.png'])
  const { code, stderr } = await scene.run([scene.input, '--attempts', '2', '--workers', '2'])
  assert.equal(code, 2)
  assertComplete(scene.out, texts, { 'garbage-a.png': 'failed' })
  assert.match(stderr, /^garbage-a\.png: engine_failed: /m)
})
