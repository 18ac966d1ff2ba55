import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertComplete } from '../helpers/outcome.ts'
import { manyPaths, writePages } from '../helpers/pages/pages.ts'
import { findProcesses, startProgram, type Program } from '../helpers/processes/processes.ts'
import { freePort } from '../../scripts/tools/chaos/world/ports.ts'
import { createScene, type Scene } from '../helpers/processes/scene.ts'
import { waitFor } from '../helpers/wait.ts'

const deadlineMs = 120_000
/** More deaths in a row than any count of them that might be taken for "cannot start". */
const times = 7

/** Kills the process with this in its command line again and again, each time as soon as there is another one. */
async function killAgainAndAgain(scene: Scene, program: Program, part: string): Promise<void> {
  const killed = new Set<number>()
  while (killed.size < times) {
    const found = await waitFor(
      `another ${part}`,
      () => {
        assert.ok(program.isRunning(), program.stdout() + program.stderr())
        return findProcesses(scene.folder, part).find(({ pid }) => !killed.has(pid))
      },
      deadlineMs,
    )
    process.kill(found.pid, 'SIGKILL')
    killed.add(found.pid)
  }
}

test('npm start survives repeated kills of any child, and serves afterwards', async (t) => {
  const scene = createScene(t)
  const port = await freePort()
  const environment = {
    ...scene.environment,
    PORT: String(port),
    SCRIPTORIUM_DATA: join(scene.folder, 'data'),
    SCRIPTORIUM_WORKERS: '1',
  }
  const program = startProgram('scripts/scriptorium.js', ['serve'], { environment })
  scene.defer(async () => {
    if (program.isRunning()) program.kill('SIGTERM')
    await program.ended
  })
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    return answer?.ok === true
  }
  await waitFor('it is ready', isReady, deadlineMs)
  for (const part of ['aggregator/main.ts', 'fleet/main.ts', 'api/main.ts', 'redis-server unix']) {
    await killAgainAndAgain(scene, program, part)
    await waitFor(`it is ready after ${part}`, isReady, deadlineMs)
  }
  assert.match(program.stderr(), /serve: the aggregator was killed \(SIGKILL\); restarting it/)
  program.kill('SIGTERM')
  assert.equal((await program.ended).code, 0)
})

test('ingest survives repeated kills of any child, and reads everything', async (t) => {
  const scene = createScene(t)
  const texts = await writePages(scene.input, manyPaths(40, 'slow'))
  const program = scene.start([scene.input, '--workers', '1'], { FAULT_SLOW_MS: '700' })
  await program.until('reading begins', () => scene.readings().size > 0)
  for (const part of ['aggregator/main.ts', 'redis-server unix', 'fleet/main.ts']) {
    await killAgainAndAgain(scene, program, part)
  }
  await waitFor('it ends', () => !program.isRunning(), 240_000)
  const { code, stdout, stderr } = await program.ended
  assert.equal(code, 0, stdout + stderr)
  assertComplete(scene.out, texts)
})

test("A child's configuration error ends the whole stack, with the reason", async (t) => {
  const scene = createScene(t)
  await writePages(scene.input, ['a.png'])
  const broken = { SCRIPTORIUM_ENGINE: '/no/such/engine.mjs' }
  const { code, stderr } = await scene.run([scene.input, '--workers', '1'], broken)
  assert.equal(code, 9, stderr)
  assert.match(stderr, /\/no\/such\/engine\.mjs/)
  const log = readFileSync(join(scene.out, '.scriptorium', 'scriptorium.log'), 'utf8')
  assert.match(log, /"level":60/)
})
