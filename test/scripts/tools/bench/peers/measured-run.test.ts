import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseCores } from '../../../../../scripts/tools/bench/peers/cores.ts'
import { parseTimes, runMeasured } from '../../../../../scripts/tools/bench/peers/measured-run.ts'
import { findProcesses, markVariable } from '../../../../../scripts/tools/common/processes.ts'
import type { Bench } from '../../../../../scripts/tools/bench/run/setting.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { repository } from '../../../../helpers/processes/processes.ts'

function makeBench(t: TestContext, stopping = new AbortController().signal): Bench {
  const workspace = makeFolder(t)
  return {
    node: process.execPath,
    repository,
    workspace,
    environment: { ...process.env, [markVariable]: workspace },
    rounds: 1,
    pagesFolder: undefined,
    say: () => undefined,
    stopping,
  }
}

/** More cores than there are: the core list is not applied. */
const bounds = { cores: 1_000, timeoutMs: 60_000 }

/** Uses half a second of a core and 200 MB, until both have been seen. */
const burn = `
  const held = Buffer.alloc(200e6, 1)
  const until = Date.now() + 600
  const used = () => process.cpuUsage().user
  while (used() < 5e5 || Date.now() < until) for (let i = 0; i < 1e6; i += 1) held[i] = i`

test('processor time and memory include all descendants of a command', async (t) => {
  const bench = makeBench(t)
  const script = `"$0" -e '${burn}' & "$0" -e '${burn}' & wait`
  const run = await runMeasured(
    bench,
    { program: 'sh', arguments: ['-c', script, bench.node] },
    bounds,
  )
  assert.equal(run.ending, 0, run.said)
  assert.ok(run.cpuSeconds >= 1, `${run.cpuSeconds} s`)
  assert.ok(run.cpuSeconds < 10, `${run.cpuSeconds} s`)
  assert.ok(run.peakBytes > 400e6 && run.peakBytes < 900e6, `${run.peakBytes} bytes`)
  assert.ok(run.seconds >= 0.6)
})

test('exit code, stderr and standard input are those of the command', async (t) => {
  const bench = makeBench(t)
  const command = {
    program: 'sh',
    arguments: ['-c', 'cat >&2; exit 7'],
    input: import.meta.filename,
  }
  const run = await runMeasured(bench, command, bounds)
  assert.equal(run.ending, 7)
  assert.match(run.said, /exit code, stderr and standard input/)
})

test('interrupting a command ends all of its processes', async (t) => {
  const interrupt = new AbortController()
  const bench = makeBench(t, interrupt.signal)
  const running = runMeasured(
    bench,
    { program: 'sh', arguments: ['-c', 'sleep 60 & echo started >&2; wait'] },
    bounds,
  )
  interrupt.abort()
  await assert.rejects(running, { name: 'AbortError' })
  assert.deepEqual(findProcesses(bench.workspace), [])
})

test('processes that a command leaves running are killed, so that they do not disturb the next', async (t) => {
  const bench = makeBench(t)
  const command = { program: 'sh', arguments: ['-c', 'setsid sleep 60 & sleep 0.3'] }
  const run = await runMeasured(bench, command, bounds)
  assert.equal(run.ending, 0)
  assert.ok(run.seconds < 3, `${run.seconds}`)
  assert.deepEqual(findProcesses(bench.workspace), [])
})

test('a hanging command is killed at its timeout, and its resources are reported', async (t) => {
  const bench = makeBench(t)
  const command = { program: 'sh', arguments: ['-c', 'sleep 60 & wait'] }
  const run = await runMeasured(bench, command, { ...bounds, timeoutMs: 300 })
  assert.equal(run.ending, 'time is up')
  assert.ok(run.seconds >= 0.3 && run.seconds < 10)
  assert.deepEqual(findProcesses(bench.workspace), [])
})

test('the times of a shell are parsed in minutes and seconds, for its children only', () => {
  assert.equal(parseTimes('0m9.00s 0m9.00s\n2m3.50s 0m1.25s\n'), 124.75)
  assert.equal(parseTimes('0m0.000000s 0m0.000000s\n0m0.410000s 0m0.090000s\n'), 0.5)
  assert.throws(() => parseTimes('user 1\nsys 2\n'), /no times of a shell/)
})

test('cores are listed in the notation of Linux', () => {
  assert.deepEqual(parseCores('0-2,5,8-9'), [0, 1, 2, 5, 8, 9])
})
