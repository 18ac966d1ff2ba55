import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBlocked } from '../../../shared/redis/abilities.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

/** The same engine under another name: a run planned with one is not read with the other. */
function otherEngine({ folder }: Scene): string {
  const source = join(repository, 'test/fixtures/engines/faults.ts')
  const file = join(folder, 'other.ts')
  const text = readFileSync(source, 'utf8').replaceAll("'../../../", `'${repository}/`)
  writeFileSync(file, text)
  return file
}

test('Workers with another engine leave a run to those that can read it', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  services.startFleet({ SCRIPTORIUM_ENGINE: otherEngine(scene) })
  services.startFleet({ SCRIPTORIUM_WORKERS: '1', FAULT_SLOW_MS: '20' })
  const texts = await writePages(scene.input, manyPaths(30, 'slow'))
  const { code, stdout, stderr } = await scene.run([scene.input], services.environment)
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts, {}, services.data)
  assert.equal(new Set(scene.readers().map(({ pid }) => pid)).size, 1)
})

test('A run that no worker can read reports it, waits, and continues with a worker that can', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  services.startAggregator()
  services.startFleet({ SCRIPTORIUM_ENGINE: otherEngine(scene) })
  const texts = await writePages(scene.input, manyPaths(10, 'read'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('it says why it waits', () =>
    /Waiting: no worker can read this recipe: it needs faults.ts 0 module; \S+ has other.ts 0 module/.test(
      ingest.stderr(),
    ),
  )
  assert.equal(scene.readings().size, 0)
  const redis = services.redis.connect()
  const blocked = await readBlocked(redis, createKeys('scriptorium'))
  assert.equal(Object.values(blocked)[0]?.code, 'recipe_mismatch')
  services.startFleet()
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts, {}, services.data)
})
