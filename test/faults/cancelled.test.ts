import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLedger } from '../../services/ledger/ledger.ts'
import { sendCommand } from '../../shared/redis/commands.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import { assertComplete } from '../helpers/outcome.ts'
import { manyPaths, tiffOf, writeOld, writePages } from '../helpers/pages/pages.ts'
import { createScene } from '../helpers/processes/scene.ts'
import { createServices } from '../helpers/processes/services.ts'
import { waitFor } from '../helpers/wait.ts'

test('Hanging pages are cancelled at once, and their workers continue', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  services.startFleet()
  const texts = await writePages(scene.input, manyPaths(6, 'z'))
  await writePages(scene.input, ['hang-a.png'])
  writeOld(join(scene.input, 'hang-b.tif'), await tiffOf(['one', 'two', 'three', 'four']))
  // No page of this run would end by itself before the test times out.
  const ingest = scene.start([scene.input, '--timeout', '600'], services.environment)
  await ingest.until('both workers hang', () => {
    const begun = [...scene.readings().keys()].filter((label) => label.startsWith('hang-'))
    return begun.length >= 2
  })
  const redis = services.redis.connect()
  const ids = idsOf(services.data, ['hang-a.png', 'hang-b.tif'])
  for (const documentId of ids) {
    await sendCommand(redis, createKeys('scriptorium'), { kind: 'cancelDocument', documentId })
  }
  const { stdout, stderr } = await waitFor('the run ends', async () => {
    return ingest.isRunning() ? undefined : await ingest.ended
  })
  const cancelled = { 'hang-a.png': 'cancelled', 'hang-b.tif': 'cancelled' }
  assertComplete(scene.out, texts, cancelled, services.data)
  assert.match(stdout, /^Done: 6 read/m, stderr)
  const labels = [...scene.readings().keys()]
  assert.ok(labels.filter((label) => label.startsWith('hang-b.tif')).length <= 2, labels.join(' '))
})

function idsOf(data: string, paths: readonly string[]): string[] {
  const ledger = openLedger(data, { readOnly: true })
  try {
    const rows = ledger.listing.documents({}, undefined, 100).documents
    return rows.filter(({ path }) => paths.includes(path)).map(({ id }) => id)
  } finally {
    ledger.close()
  }
}
