import assert from 'node:assert/strict'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { createServices, type Services } from '../../helpers/processes/services.ts'

/** Copies the ledger during its use, with SQLite's own backup. */
async function copyLedger(data: string, to: string): Promise<void> {
  const database = new DatabaseSync(ledgerFile(data), { readOnly: true })
  await backup(database, to)
  database.close()
}

function removeLedger(data: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${ledgerFile(data)}${end}`, { force: true })
}

/** Runs `ingest` to its end with a ledger that is copied in the middle of it; the aggregator has ended then. */
async function runOnce(scene: Scene, services: Services, copy: string): Promise<void> {
  const aggregator = services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '60' })
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('some pages are read', () => scene.readings().size >= 15)
  await copyLedger(services.data, copy)
  assert.equal((await ingest.ended).code, 0)
  aggregator.kill('SIGTERM')
  await aggregator.ended
}

for (const isLost of [false, true]) {
  const what = isLost ? 'lost' : 'restored from a copy made in mid-run'
  test(`A ledger that is ${what} beside a kept Redis is complete after the next run`, async (t) => {
    const scene = createScene(t)
    const services = await createServices(scene)
    const texts = await writePages(scene.input, manyPaths(40, 'slow'))
    const copy = join(scene.folder, 'copy.sqlite')
    await runOnce(scene, services, copy)
    removeLedger(services.data)
    if (isLost) rmSync(scene.out, { recursive: true })
    else copyFileSync(copy, ledgerFile(services.data))

    services.startAggregator()
    const { code, stdout, stderr } = await scene.run([scene.input], services.environment)
    assert.equal(code, 0, stdout + stderr)
    assertComplete(scene.out, texts, {}, services.data)
  })
}
