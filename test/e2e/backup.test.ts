import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete, finalRecords } from '../helpers/outcome.ts'
import { manyPaths, textOf, writePages } from '../helpers/pages/pages.ts'
import { assertNoneLeft, startProgram } from '../helpers/processes/processes.ts'
import { createScene, type Scene } from '../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../helpers/processes/service.ts'
import { createServices } from '../helpers/processes/services.ts'
import { waitFor } from '../helpers/wait.ts'

/** Runs one of our tools to its end, which must be a good one. */
async function tool(scene: Scene, ...words: string[]): Promise<void> {
  const environment = scene.environment
  const { code, stderr } = await startProgram('scripts/scriptorium.js', words, { environment })
    .ended
  assert.equal(code, 0, stderr)
}

test('A run backed up in the middle and restored elsewhere completes', async (t) => {
  const scene = createScene(t)
  const count = 90
  const texts = await writePages(scene.input, manyPaths(count, 'slow'))
  const before = await createServices(scene)
  const aggregator = before.startAggregator()
  const fleet = before.startFleet({ FAULT_SLOW_MS: '500' })
  const ingest = scene.start([scene.input], before.environment)
  await ingest.until('some is read', () => scene.readings().size >= 20)
  const [backup, data] = [join(scene.folder, 'backup'), join(scene.folder, 'elsewhere')]
  await tool(scene, 'backup', before.data, backup)
  const atBackup = scene.readings().size
  await ingest.until('more is read', () => scene.readings().size >= Math.min(count, atBackup + 4))
  for (const program of [ingest, aggregator, fleet])
    if (program.isRunning()) program.kill('SIGKILL')
  await Promise.all([ingest.ended, aggregator.ended, fleet.ended])

  await tool(scene, 'restore', backup, data)
  const known = finalRecords(scene.out, data).map(({ path }) => `${path}#1`)
  assert.ok(known.length > 0 && known.length < count, `${known.length} were known`)
  const readBefore = scene.readings()
  // Another Redis: the earlier one is not part of the backup.
  const after = await createServices(scene)
  const environment = { ...after.environment, SCRIPTORIUM_DATA: data }
  const start = (script: string, more = {}) => {
    const program = startProgram(script, [], { environment: { ...environment, ...more } })
    scene.defer(async () => {
      if (program.isRunning()) program.kill('SIGTERM')
      await program.ended
    })
  }
  start('services/aggregator/main.ts')
  start('workers/fleet/main.ts', { SCRIPTORIUM_WORKERS: '2', FAULT_SLOW_MS: '1' })
  const { code, stdout, stderr } = await scene.run([scene.input], environment)
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts, {}, data)
  for (const label of known)
    assert.equal(scene.readings().get(label), readBefore.get(label), `${label} was known`)
})

test('Uploads acknowledged before a backup are read after its restore', async (t) => {
  const scene = createScene(t)
  const seeds = Array.from({ length: 16 }, (_, index) => `upload-${index}`)
  const { client, program, data } = await startService(scene, { FAULT_SLOW_MS: '300' })
  const ids = new Map<string, string>()
  for (const seed of seeds)
    ids.set(seed, oneOf(await client.upload([await fileOf(seed, `slow-${seed}.png`)])).id)
  const backup = join(scene.folder, 'backup')
  await tool(scene, 'backup', data, backup)
  program.kill('SIGKILL', 'group')
  await program.ended
  await assertNoneLeft(scene.folder)
  const elsewhere = join(scene.folder, 'elsewhere')
  await tool(scene, 'restore', backup, elsewhere)
  const restored = await startService(scene, { FAULT_SLOW_MS: '1', SCRIPTORIUM_DATA: elsewhere })
  for (const [seed, id] of ids) {
    const text = await waitFor(`${seed} is read`, async () => {
      const view = await restored.client.document(id).catch(() => undefined)
      return view?.status === 'finished' ? restored.client.text(id) : undefined
    })
    assert.equal(text.trim(), await textOf(seed))
  }
})
