import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  assertComplete,
  outcomesOf,
  outputFiles,
  readDocument,
  readReport,
  readText,
} from '../helpers/outcome.ts'
import { pngOf, textOf, writeOld, writePages } from '../helpers/pages/pages.ts'
import { createScene, type Scene } from '../helpers/processes/scene.ts'

const paths = ['a.png', 'b.png', 'c/d.png']

/** Runs `ingest` and returns its report, and which pages the engine read in it. */
async function ingest(scene: Scene, arguments_: readonly string[] = [], code = 0) {
  const before = scene.readers().length
  const file = join(scene.folder, 'report.json')
  rmSync(file, { force: true })
  const ended = await scene.run([scene.input, '--workers', '1', '--report', file, ...arguments_])
  assert.equal(ended.code, code, ended.stderr)
  const read = scene.readers().slice(before)
  return { report: readReport(file), read: read.map(({ label }) => label).toSorted() }
}

test('Only changes are read again: a file, the recipe, or everything on request', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, paths)
  assert.deepEqual((await ingest(scene)).read, ['a.png#1', 'b.png#1', 'c/d.png#1'])

  writeOld(join(scene.input, 'b.png'), await pngOf('another'))
  texts.set('b.png', await textOf('another'))
  const changed = await ingest(scene)
  assert.deepEqual(changed.read, ['b.png#1'])
  assert.deepEqual(changed.report.outcomes, { succeeded: 1, skipped_unchanged: 2 })
  assertComplete(scene.out, texts)

  assert.equal((await ingest(scene, ['--psm', '6'])).read.length, 3)
  assert.deepEqual((await ingest(scene, ['--psm', '6'])).read, [])
  assert.equal((await ingest(scene, ['--psm', '6', '--force'])).read.length, 3)
  assertComplete(scene.out, texts)
})

test('The same bytes under another name are copied, in the same run and in a later one', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, paths)
  writeOld(join(scene.input, 'twin.png'), await pngOf('a.png'))
  texts.set('twin.png', await textOf('a.png'))
  const first = await ingest(scene)
  assert.equal(first.read.length, 3)
  assert.deepEqual(first.report.outcomes, { succeeded: 3, duplicate: 1 })

  copyFileSync(join(scene.input, 'b.png'), join(scene.input, 'later.png'))
  texts.set('later.png', await textOf('b.png'))
  const second = await ingest(scene)
  assert.deepEqual(second.read, [])
  assert.deepEqual(second.report.outcomes, { duplicate: 1, skipped_unchanged: 4 })
  assertComplete(scene.out, texts)
  assert.equal(outcomesOf(scene.out)['later.png'], 'duplicate')
  assert.equal(
    readDocument(scene.out, 'later.png').duplicateOf,
    readDocument(scene.out, 'b.png').id,
  )
})

test('Output is restored from the ledger: missing files, edited ones with --checksum, new formats', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, paths)
  await ingest(scene, ['--formats', 'txt'])
  assert.deepEqual(outputFiles(scene.out), ['a.png.txt', 'b.png.txt', 'c/d.png.txt'])
  const formats = await ingest(scene)
  assert.deepEqual([formats.read, formats.report.restored], [[], 3])
  assertComplete(scene.out, texts)

  rmSync(join(scene.out, 'a.png.txt'))
  const missing = await ingest(scene)
  assert.deepEqual([missing.read, missing.report.restored], [[], 1])
  assertComplete(scene.out, texts)

  writeFileSync(join(scene.out, 'b.png.txt'), 'edited')
  assert.equal((await ingest(scene)).report.restored, 0)
  assert.equal(readText(scene.out, 'b.png'), 'edited')
  const edited = await ingest(scene, ['--checksum'])
  assert.deepEqual([edited.read, edited.report.restored], [[], 1])
  assertComplete(scene.out, texts)
})

test('Failures are reported in each run, and read again only with --retry-failed', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, paths)
  await writePages(scene.input, ['throw-once-e.png'])
  const first = await ingest(scene, ['--attempts', '1'], 2)
  assert.equal(first.report.outcomes['failed'], 1)
  const second = await ingest(scene, ['--attempts', '1'], 2)
  assert.deepEqual([second.read, second.report.failedEarlier], [[], 1])

  const third = await ingest(scene, ['--attempts', '1', '--retry-failed'])
  assert.deepEqual(third.read, ['throw-once-e.png#1'])
  texts.set('throw-once-e.png', await textOf('throw-once-e.png'))
  assertComplete(scene.out, texts)
  assert.equal(
    readFileSync(join(scene.out, 'throw-once-e.png.txt'), 'utf8'),
    `${await textOf('throw-once-e.png')}\n`,
  )
})
