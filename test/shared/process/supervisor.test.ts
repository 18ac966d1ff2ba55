import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { supervise, type Death } from '../../../shared/process/supervisor.ts'
import { waitFor } from '../../helpers/wait.ts'

/** A supervised process that runs this script, and its log lines. */
function setUp(t: TestContext, script: string, command = process.execPath) {
  const started: ChildProcess[] = []
  const deaths: Death[] = []
  let misconfigured = 0
  const supervised = supervise({
    launch() {
      const child = spawn(command, ['-e', script], { stdio: 'ignore' })
      started.push(child)
      return child
    },
    onMisconfigured: () => void (misconfigured += 1),
    onDeath: (death) => void deaths.push(death),
  })
  t.after(() => supervised.stop(0))
  return { supervised, started, deaths, misconfigured: () => misconfigured }
}

const forEver = 'setInterval(() => undefined, 1000)'

test('a process that is killed repeatedly is restarted promptly each time', async (t) => {
  const { started, deaths, misconfigured } = setUp(t, forEver)
  for (let times = 1; times <= 7; times += 1) {
    await waitFor('it has been started', () => started.length === times)
    started.at(-1)?.kill('SIGKILL')
  }
  await waitFor('it has been started once more', () => started.length === 8)
  assert.deepEqual(
    deaths.map(({ signal, restartMs }) => [signal, restartMs]),
    [250, 500, 1_000, 2_000, 2_000, 2_000, 2_000].map((restartMs) => ['SIGKILL', restartMs]),
  )
  assert.equal(misconfigured(), 0)
})

test('a process that exits with a configuration error is not restarted', async (t) => {
  const { started, deaths, misconfigured } = setUp(t, 'process.exit(9)')
  await waitFor('that is said', () => misconfigured() > 0)
  assert.deepEqual([started.length, deaths, misconfigured()], [1, [], 1])
})

test('a configuration error with work in hand restarts the process until it has none', async (t) => {
  let inHand = 3
  let misconfigured = 0
  const deaths: Death[] = []
  const supervised = supervise({
    launch: () => spawn(process.execPath, ['-e', 'process.exit(9)'], { stdio: 'ignore' }),
    onMisconfigured: () => void (misconfigured += 1),
    onDeath: (death) => void deaths.push(death),
    hasInHand: () => inHand-- > 0,
  })
  t.after(() => supervised.stop(0))
  await waitFor('the supervisor gives up', () => misconfigured > 0)
  assert.deepEqual([deaths.length, misconfigured], [3, 1])
})

test('a process that exits with another code is restarted with increasing delay', async (t) => {
  const { deaths, misconfigured } = setUp(t, 'process.exit(15)')
  await waitFor('it has ended four times', () => deaths.length === 4)
  assert.deepEqual(
    deaths.map(({ code, restartMs }) => [code, restartMs]),
    [250, 500, 1_000, 2_000].map((restartMs) => [15, restartMs]),
  )
  assert.equal(misconfigured(), 0)
})

test('a process that cannot be spawned is retried, and the reason is reported', async (t) => {
  const { deaths } = setUp(t, '', '/no/such/program')
  await waitFor('it has been tried twice', () => deaths.length === 2)
  assert.match(deaths[0]?.error?.message ?? '', /ENOENT/)
})

test('a process stopped during its restart delay is not restarted', async (t) => {
  const { supervised, started, deaths } = setUp(t, 'process.exit(15)')
  await waitFor('it waits', () => deaths.length === 2)
  await supervised.stop(1_000)
  const before = started.length
  await waitFor('its time has passed', () => {
    const { promise, resolve } = Promise.withResolvers<true>()
    setTimeout(resolve, (deaths.at(-1)?.restartMs ?? 0) + 100, true)
    return promise
  })
  assert.equal(started.length, before)
})

test('a retired process is not restarted', async (t) => {
  const { supervised, started, deaths } = setUp(t, forEver)
  supervised.retire()
  started[0]?.kill('SIGKILL')
  await waitFor('it has ended', () => started[0]?.signalCode === 'SIGKILL')
  await delay(500)
  assert.deepEqual([started.length, deaths], [1, []])
  await supervised.stop(0)
})

test('a process that ignores a stop request is killed at the deadline', async (t) => {
  const { supervised, started } = setUp(t, `process.on('SIGTERM', () => undefined); ${forEver}`)
  await supervised.stop(200)
  assert.ok(started[0]?.signalCode !== null)
})
