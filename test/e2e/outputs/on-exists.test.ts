import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, outputFiles, readReport, readText } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { assertNoneLeft } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'

/** Runs `ingest` and returns its exit code, its report, its output, and the pages that it read. */
async function ingest(scene: Scene, ...arguments_: string[]) {
  const before = scene.readers().length
  const file = join(scene.folder, 'report.json')
  rmSync(file, { force: true })
  const ended = await scene.run([scene.input, '--workers', '1', '--report', file, ...arguments_])
  const read = scene
    .readers()
    .slice(before)
    .map(({ label }) => label)
  return { ...ended, report: readReport(file), read: read.toSorted() }
}

test("A user's own file in the output folder is never overwritten by default", async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, ['a.png', 'b.png'])
  mkdirSync(scene.out)
  const own = join(scene.out, 'a.png.txt')
  writeFileSync(own, 'mine')

  const refused = await ingest(scene)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^a\.png: output_exists: a\.png\.txt exists, and was not written/m)
  assert.deepEqual(refused.read, ['b.png#1'])
  assert.deepEqual(refused.report.outcomes, { succeeded: 1, failed: 1 })
  assert.equal(readFileSync(own, 'utf8'), 'mine')
  assert.deepEqual(outputFiles(scene.out), ['a.png.txt', 'b.png.json', 'b.png.txt'])

  const left = await ingest(scene, '--on-exists', 'skip')
  assert.deepEqual([left.code, left.read, left.report.existing], [0, [], 1])
  assert.match(left.stdout, /^1 skipped: files that Scriptorium did not write/m)
  assert.equal(readFileSync(own, 'utf8'), 'mine')

  const again = await ingest(scene)
  assert.deepEqual([again.code, again.read], [2, []])
  const replaced = await ingest(scene, '--on-exists', 'replace')
  assert.deepEqual([replaced.code, replaced.read], [0, ['a.png#1']])
  assertComplete(scene.out, texts)
  assert.equal((await ingest(scene)).code, 0)
})

test("A format added later spares a user's file of that name", async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, ['a.png', 'b.png'])
  await ingest(scene, '--formats', 'txt')
  const own = join(scene.out, 'a.png.json')
  writeFileSync(own, 'mine')
  const added = await ingest(scene)
  assert.equal(added.code, 2)
  assert.match(added.stderr, /^a\.png: not written as json: output_exists: /m)
  assert.deepEqual([added.read, added.report.restored, added.report.unavailable], [[], 1, 1])
  assert.equal(readFileSync(own, 'utf8'), 'mine')
  assert.equal((await ingest(scene, '--on-exists', 'skip')).code, 0)
  assert.equal(readFileSync(own, 'utf8'), 'mine')

  // After another reading it can still write its text.
  const forced = await ingest(scene, '--force')
  assert.deepEqual([forced.code, forced.read], [2, ['a.png#1', 'b.png#1']])
  assert.equal(readFileSync(own, 'utf8'), 'mine')
  rmSync(own)
  assert.equal((await ingest(scene)).code, 0)
  assert.match(readFileSync(own, 'utf8'), /^\{"id":/)
})

test("A run is rejected if a combined file is a user's own", async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, ['a.png'])
  mkdirSync(scene.out)
  writeFileSync(join(scene.out, 'results.txt'), 'mine')
  const refused = await scene.run([scene.input, '--combined'])
  assert.equal(refused.code, 9)
  assert.match(refused.stderr, /^ingest: results\.txt, which --combined writes, exists/m)
  const skipped = await ingest(scene, '--combined', '--on-exists', 'skip')
  assert.equal(skipped.code, 0)
  assert.ok(outputFiles(scene.out).includes('results.ndjson'))
  assert.equal(readFileSync(join(scene.out, 'results.txt'), 'utf8'), 'mine')
})

test('Output written just before a kill is ours', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(30, 'slow'))
  const command = [scene.input, '--workers', '2', '--formats', 'txt']
  const running = scene.start(command, { FAULT_SLOW_MS: '50' })
  await running.until('files are written', () => outputFiles(scene.out).length > 3)
  running.kill('SIGKILL', 'group')
  await running.ended
  await assertNoneLeft(scene.folder)
  const next = await scene.run(command, { FAULT_SLOW_MS: '1' })
  assert.equal(next.code, 0, next.stderr)
  for (const [path, text] of texts) assert.equal(readText(scene.out, path), `${text}\n`)
})

test('A run continues in an output folder that lost its ledger', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, ['a.png', 'b.png'])
  await ingest(scene)
  rmSync(join(scene.out, '.scriptorium'), { recursive: true })
  assert.equal((await ingest(scene)).code, 0)
  assertComplete(scene.out, texts)
})
