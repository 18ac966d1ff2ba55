import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitCodes } from '../../../shared/process/errors.ts'
import { assertComplete, finalRecords, outputFiles, readReport } from '../../helpers/outcome.ts'
import { manyPaths, writeOld, writePages } from '../../helpers/pages/pages.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'

const generous = { timeout: 240_000 }

/** Breaks the engine of all workers, until it is called again. */
function breakEngine(scene: Scene, how: 'broken' | 'unbootable'): () => void {
  const file = join(scene.folder, how)
  writeFileSync(file, '')
  return () => rmSync(file)
}

test(
  'A run with a broken engine pauses, records no failure, and continues with the same command',
  generous,
  async (t) => {
    const scene = createScene(t)
    const texts = await writePages(scene.input, manyPaths(600))
    const report = join(scene.folder, 'report.json')
    const command = [scene.input, '--workers', '2', '--report', report]
    const mend = breakEngine(scene, 'broken')
    const paused = await scene.run(command)
    assert.equal(paused.code, exitCodes.paused, paused.stderr)
    assert.match(
      paused.stdout,
      /^Paused: \d+ readings in a row failed \(engine_failed\); for example \d+\/page-\d+\.png: /m,
    )
    assert.match(paused.stdout, /^0 read, 0 failed, 600 left/m)
    assert.match(paused.stdout, /^Cure: /m)
    assert.match(paused.stderr, /To continue:\n {2}node \S+scriptorium\.js ingest /)
    assert.deepEqual(finalRecords(scene.out), [])
    assert.deepEqual(outputFiles(scene.out), [])
    const { state, pause } = readReport(report)
    assert.equal(state, 'paused')
    assert.equal(pause?.code, 'engine_failed')
    assert.ok(scene.readings().size < 200, `${scene.readings().size} pages were tried`)
    mend()
    const { code } = await scene.run(command)
    assert.equal(code, 0)
    assertComplete(scene.out, texts)
  },
)

test('Workers that cannot start pause the run with the reason', generous, async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(20))
  const command = [scene.input, '--workers', '2']
  const mend = breakEngine(scene, 'unbootable')
  const paused = await scene.run(command)
  assert.equal(paused.code, exitCodes.paused, paused.stderr)
  assert.match(
    paused.stdout,
    /^Paused: no worker starts: .*engine_boot_failed.*its model is damaged/m,
  )
  assert.deepEqual(finalRecords(scene.out), [])
  mend()
  assert.equal((await scene.run(command)).code, 0)
  assertComplete(scene.out, texts)
})

test('Sixty Word files in a row do not count as a broken service', generous, async (t) => {
  const scene = createScene(t)
  const names = Array.from({ length: 60 }, (_, index) => `letter-${index}.docx`)
  for (const name of names) writeOld(join(scene.input, name), `PK\u0003\u0004${name}`)
  const { code, stdout } = await scene.run([scene.input, '--workers', '1'])
  assert.equal(code, exitCodes.allFailed)
  assert.doesNotMatch(stdout, /Paused/)
  assert.equal(finalRecords(scene.out).length, names.length)
})

test('With --max-failures 0 a broken engine fails every document', generous, async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, manyPaths(60))
  breakEngine(scene, 'broken')
  const command = [scene.input, '--workers', '2', '--attempts', '1', '--max-failures', '0']
  assert.equal((await scene.run(command)).code, exitCodes.allFailed)
  assert.equal(finalRecords(scene.out).length, 60)
})

test(
  'Canaries are read first; if they fail, the run pauses with the rest unread',
  generous,
  async (t) => {
    const scene = createScene(t)
    const texts = await writePages(scene.input, manyPaths(300))
    const command = [scene.input, '--workers', '2', '--canary', '20']
    const mend = breakEngine(scene, 'broken')
    const paused = await scene.run([...command, '--attempts', '2'])
    assert.equal(paused.code, exitCodes.paused, paused.stderr)
    assert.match(paused.stdout, /^Paused: 20 of the first 20 files failed \(engine_failed\)/m)
    const tried = [...scene.readings().keys()]
    assert.equal(tried.length, 20)
    const folders = new Set(tried.map((label) => label.split('/')[0]))
    assert.ok(folders.size >= 18, `spread over the folder: ${tried.join(' ')}`)
    assert.deepEqual(finalRecords(scene.out), [])
    mend()
    assert.equal((await scene.run(command)).code, 0)
    assertComplete(scene.out, texts)
  },
)
