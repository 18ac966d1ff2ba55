import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openLedger } from '../../../services/ledger/ledger.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import type { Ended, Program } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'
import { waitFor } from '../../helpers/wait.ts'
import { repository } from '../../helpers/processes/processes.ts'

const keys = createKeys('scriptorium')
const deadlineMs = 120_000
const dieAtEnd = join(repository, 'test/fixtures/processes/die-at-end.ts')

async function endOf(program: Program): Promise<Ended> {
  await waitFor('the ingest ends', () => !program.isRunning(), deadlineMs)
  return program.ended
}

/** Services of a test's own, an input folder of `count` pages, and an ingest of it that must end. */
async function setUp(t: TestContext, count: number) {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  const texts = await writePages(scene.input, manyPaths(count, 'slow'))
  const ingest = (arguments_: readonly string[] = [scene.input], stdin?: string) =>
    scene.start(arguments_, services.environment, stdin)
  const hasEnded = (): boolean => {
    if (!existsSync(join(services.data, 'ledger.sqlite'))) return false
    const ledger = openLedger(services.data, { readOnly: true })
    try {
      return ledger.runs.latest(scene.out)?.state === 'finished'
    } finally {
      ledger.close()
    }
  }
  return { scene, services, redis, texts, ingest, hasEnded }
}

test('An aggregator killed before it published the end of a run publishes it after its restart', async (t) => {
  const { scene, services, texts, ingest } = await setUp(t, 8)
  services.startFleet({ FAULT_SLOW_MS: '1' })
  const mark = join(scene.folder, 'died')
  const environment = { NODE_OPTIONS: `--import ${dieAtEnd}`, DIE_MARK: mark }
  const first = services.startAggregator(environment)
  const program = ingest()
  await first.ended
  assert.ok(existsSync(mark))
  services.startAggregator()
  const { code, stdout, stderr } = await endOf(program)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Done: 8 read, 0 failed, 0 unchanged\.$/m)
  assertComplete(scene.out, texts, {}, services.data)
})

test('The end of a run is published again if Redis was wiped before ingest saw it', async (t) => {
  const { scene, services, redis, texts, ingest, hasEnded } = await setUp(t, 12)
  services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '20' })
  const program = ingest()
  await program.until('reading begins', () => scene.readings().size > 0)
  program.kill('SIGSTOP') // A laptop that sleeps.
  await waitFor('the run has ended', hasEnded, deadlineMs)
  await waitFor('that is told', async () => (await redis.keys('*:report')).length > 0)
  await redis.flushall()
  program.kill('SIGCONT')
  const { code, stdout, stderr } = await endOf(program)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Done: 12 read, 0 failed, 0 unchanged\.$/m)
  assertComplete(scene.out, texts, {}, services.data)
})

for (const lost of ['command', 'list of paths'] as const) {
  test(`A run whose ${lost} Redis lost before it was taken is handed over again`, async (t) => {
    const count = lost === 'command' ? 6 : 110
    const { scene, services, redis, texts, ingest } = await setUp(t, count)
    services.startFleet({ FAULT_SLOW_MS: '1' })
    const sign = JSON.stringify({ pid: 1, host: 'h', version: '0' })
    await redis.set(keys.aggregator, sign) // It has just died: its heartbeat still exists.
    const list = [...texts.keys()].map((path) => join(scene.input, path)).join('\n')
    const program = lost === 'command' ? ingest() : ingest(['-', '--base', scene.input], list)
    await program.until('the command is sent', async () => (await redis.xlen(keys.commands)) > 0)
    if (lost === 'command') await redis.flushall()
    else assert.equal(await redis.del(...(await redis.keys('*:paths'))), 1)
    services.startAggregator()
    const { code, stdout, stderr } = await endOf(program)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, new RegExp(`^Done: ${count} read, 0 failed, 0 unchanged\\.$`, 'm'))
    assertComplete(scene.out, texts, {}, services.data)
  })
}

test('A SIGTERM to the whole process group ends ingest every time', async (t) => {
  const { scene, texts } = await setUp(t, 30)
  for (let time = 1; time <= 3; time += 1) {
    const program = scene.start([scene.input, '--workers', '1'], { FAULT_SLOW_MS: '200' })
    const before = scene.readings().size
    await program.until('a page is begun', () => scene.readings().size > before)
    program.kill('SIGTERM', 'group')
    const { code, stderr } = await endOf(program)
    assert.equal(code, 130, stderr)
    assert.match(stderr, /To continue:/)
  }
  assert.equal((await scene.run([scene.input], { FAULT_SLOW_MS: '1' })).code, 0)
  assertComplete(scene.out, texts)
})
