import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'

const { lease } = createKeys('scriptorium')

test("A second aggregator with a copy of the ledger gets the holder's name, and takes nothing", async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const first = services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '150' })
  const texts = await writePages(scene.input, manyPaths(60, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size >= 5)
  const copy = join(scene.folder, 'copy')
  mkdirSync(copy)
  const database = new DatabaseSync(ledgerFile(services.data), { readOnly: true })
  await backup(database, ledgerFile(copy))
  database.close()

  const second = await services.startAggregator({ SCRIPTORIUM_DATA: copy }).ended
  assert.equal(second.code, 9, second.stderr)
  assert.match(second.stderr, new RegExp(`process ${first.pid} on .* copy of this ledger`))
  const { code, stdout, stderr } = await ingest.ended
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts, {}, services.data)
  for (const [label, count] of scene.readings()) assert.equal(count, 1, label)
})

test('An aggregator that wakes up after a takeover exits, and nothing is lost', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  const frozen = services.startAggregator()
  await frozen.until('it serves', () => redis.exists(lease).then(Boolean))
  frozen.kill('SIGSTOP')
  scene.defer(() => frozen.isRunning() && frozen.kill('SIGCONT'))
  await redis.del(lease) // As if the lease had expired.
  const data = join(scene.folder, 'other')
  const next = services.startAggregator({ SCRIPTORIUM_DATA: data })
  await next.until('it serves', () => next.stderr().includes('"msg":"ready"'))
  services.startFleet({ FAULT_SLOW_MS: '50' })
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size >= 5)

  frozen.kill('SIGCONT')
  const { code, stderr } = await frozen.ended
  assert.equal(code, 9, stderr)
  assert.match(stderr, new RegExp(`process ${next.pid} on`))
  const ended = await ingest.ended
  assert.equal(ended.code, 0, ended.stdout + ended.stderr)
  assertComplete(scene.out, texts, {}, data)
})
