import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile } from '../../services/ledger/ledger.ts'
import { stateFolder } from '../../services/outputs/files/output-files.ts'
import { assertComplete, readText } from '../helpers/outcome.ts'
import { writePages } from '../helpers/pages/pages.ts'
import { startProgram } from '../helpers/processes/processes.ts'
import { createScene } from '../helpers/processes/scene.ts'
import { createServices } from '../helpers/processes/services.ts'
import { waitFor } from '../helpers/wait.ts'

/** Damages an output folder: an edited file, a missing one, a page that the ledger lost. */
function damage(out: string, data: string): void {
  writeFileSync(join(out, 'a.png.txt'), 'edited')
  rmSync(join(out, 'b.png.json'))
  const database = new DatabaseSync(ledgerFile(data), { timeout: 5_000 })
  database.exec(
    `DELETE FROM pages WHERE document_id = (SELECT id FROM documents WHERE path = 'c.png')`,
  )
  database.close()
}

test('verify repairs its findings from the ledger, and ingest reads the rest', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, ['a.png', 'b.png', 'c.png'])
  assert.equal((await scene.run([scene.input, '--workers', '1'])).code, 0)
  const verify = (...flags: string[]) =>
    startProgram('scripts/scriptorium.js', ['verify', scene.out, ...flags], {
      environment: scene.environment,
    }).ended
  assert.equal((await verify()).code, 0)
  damage(scene.out, stateFolder(scene.out))
  const found = await verify('--json')
  assert.equal(found.code, 2, found.stderr)
  const { findings } = JSON.parse(found.stdout) as { findings: { kind: string }[] }
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['output_edited', 'output_missing', 'pages_missing'],
  )
  const before = scene.readers().length
  const mended = await verify('--repair')
  assert.equal(mended.code, 2)
  assert.match(mended.stdout, /or the service, reads 1 document again/)
  assert.equal(scene.readers().length, before, 'no page was read')
  assert.equal(readText(scene.out, 'a.png'), `${texts.get('a.png')}\n`)
  const { code, stderr } = await scene.run([scene.input, '--workers', '1'])
  assert.equal(code, 0, stderr)
  const read = scene
    .readers()
    .slice(before)
    .map(({ label }) => label)
  assert.deepEqual(read, ['c.png#1'])
  assertComplete(scene.out, texts)
  assert.equal((await verify()).code, 0)
})

test('a file in a format that a new reading leaves out stays, is reported, and is updated without reading', async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, ['a.png'])
  const read = (psm: string, formats: string) =>
    scene.run([scene.input, '--workers', '1', '--psm', psm, '--formats', formats])
  const verify = () =>
    startProgram('scripts/scriptorium.js', ['verify', scene.out], {
      environment: scene.environment,
    }).ended
  assert.equal((await read('3', 'txt,json')).code, 0)
  const json = (): string => readFileSync(join(scene.out, 'a.png.json'), 'utf8')
  const earlier = json()
  assert.equal((await read('6', 'txt')).code, 0)
  assert.equal(json(), earlier)
  const { code, stdout } = await verify()
  assert.equal(code, 2)
  assert.match(stdout, /a\.png\.json: belongs to an earlier reading/)
  assert.equal((await read('6', 'txt,json')).code, 0)
  assert.equal(scene.readers().length, 2, 'one reading for each psm')
  assert.match(json(), /"psm":6/)
  assert.equal((await verify()).code, 0)
})

test('While services run, verify asks their aggregator, and they read the rest', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  services.startFleet()
  const texts = await writePages(scene.input, ['a.png', 'b.png', 'c.png'])
  assert.equal((await scene.run([scene.input], services.environment)).code, 0)
  const verify = (flags: string[], environment = services.environment) =>
    startProgram('scripts/scriptorium.js', ['verify', scene.out, ...flags], { environment }).ended
  damage(scene.out, services.data)
  const alone = await verify(['--repair'], { ...services.environment, REDIS_URL: undefined })
  assert.equal(alone.code, 9)
  assert.match(alone.stderr, /is in use by process \d+ .*; set REDIS_URL/)
  const mended = await verify(['--repair'])
  assert.equal(mended.code, 2, mended.stderr)
  let last = ''
  const isWhole = async (): Promise<boolean> => {
    const { code, stdout, stderr } = await verify([])
    last = stdout + stderr
    return code === 0
  }
  await waitFor('all is whole again', isWhole, 120_000).catch(() => assert.fail(last))
  assertComplete(scene.out, texts, {}, services.data)
})
