import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createConfinedProcess } from '../../../shared/confined/confined-process.ts'
import type { WorkCalls } from '../../fixtures/processes/confined-work.ts'
import { cleanEnvironment, startProgram } from '../../helpers/processes/processes.ts'
import { waitFor } from '../../helpers/wait.ts'

const patient = { deadlineMs: 120_000 }
const script = new URL('../../fixtures/processes/confined-work.ts', import.meta.url)
const mebibyte = 2 ** 20

function makeProcess(t: TestContext, options: { keepBytes?: number; idleMs?: number } = {}) {
  const confined = createConfinedProcess<WorkCalls>({
    script,
    maxBytes: 300 * mebibyte,
    keepBytes: 250 * mebibyte,
    limitName: 'SCRIPTORIUM_TEST',
    done: 'decoded',
    ...options,
  })
  t.after(() => confined.close())
  return confined
}

/** A field of a process's status; empty once it has ended. */
function statusOf(pid: number, field: string): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
  } catch {
    return ''
  }
}

const isRunning = (pid: number): boolean => statusOf(pid, 'State') !== ''

test('work that hangs is killed at its deadline, and the next call gets a new process', async (t) => {
  const confined = makeProcess(t)
  assert.equal(await confined.call('echo', 'before', patient), 'before')
  const before = confined.generation()
  const late = { code: 'decode_timeout', message: /took longer than 0 s to be decoded/ }
  await assert.rejects(confined.call('hang', null, { deadlineMs: 300 }), late)
  assert.equal(confined.generation(), undefined)
  assert.equal(await confined.call('echo', 'after', patient), 'after')
  assert.notEqual(confined.generation(), before)
})

test('a refusal arrives with its code and keeps the process alive', async (t) => {
  const confined = makeProcess(t)
  const refusal = { code: 'corrupt_pdf', message: 'is damaged' }
  await assert.rejects(confined.call('refuse', null, patient), refusal)
  assert.notEqual(confined.generation(), undefined)
})

test('a process that fails or crashes is replaced, and its input is blamed', async (t) => {
  const confined = makeProcess(t)
  await assert.rejects(confined.call('break', 'out of bounds', patient), /out of bounds/)
  assert.equal(confined.generation(), undefined)
  await assert.rejects(confined.call('exit', null, patient), /ended unexpectedly \(exit code 3\)/)
  for (const signal of ['SIGSEGV', 'SIGABRT'] as const) {
    const crash = confined.call('signal', signal, patient)
    await assert.rejects(
      crash,
      (thrown: Error) => !('code' in thrown) && /SIG/.test(thrown.message),
    )
  }
  assert.equal(await confined.call('echo', 'after', patient), 'after')
})

test('a process killed from outside blames no file', async (t) => {
  const confined = makeProcess(t)
  const killed = confined.call('signal', 'SIGKILL', patient)
  await assert.rejects(killed, { code: 'decoder_failed', retryable: true })
  assert.equal(await confined.call('echo', 'after', patient), 'after')
})

test('signals to the terminal or the process group do not end it', async (t) => {
  const confined = makeProcess(t)
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    assert.equal(await confined.call('signal', signal, patient), null)
  }
})

test('work above its memory limit is killed, and the error names the limit', async (t) => {
  const confined = makeProcess(t)
  const hoard = confined.call('hoard', { bytes: 4_000 * mebibyte, step: mebibyte }, patient)
  const refusal = {
    code: 'too_much_memory',
    retryable: false,
    message: /SCRIPTORIUM_TEST=314572800 allows/,
  }
  await assert.rejects(hoard, refusal)
  assert.equal(await confined.call('echo', 'after', patient), 'after')
})

test('the kernel limits memory while the parent is too busy to watch', async (t) => {
  const confined = makeProcess(t)
  const { pid } = await confined.call('describe', null, patient)
  const hoard = confined.call('hoard', { bytes: 2_000 * mebibyte, step: mebibyte }, patient)
  const refusal = assert.rejects(hoard, { code: 'too_much_memory' })
  await new Promise(setImmediate) // The request is sent; the parent does not watch from here on.
  const begunAt = performance.now()
  let peakKilobytes = 0
  // It waits for the next call once it was refused memory.
  while (peakKilobytes < 200_000 || statusOf(pid, 'State').startsWith('R')) {
    peakKilobytes = Math.max(peakKilobytes, Number.parseInt(statusOf(pid, 'VmHWM'), 10) || 0)
    assert.ok(performance.now() - begunAt < 120_000)
  }
  assert.ok(peakKilobytes < 420 * 1_024, `${peakKilobytes} kB`)
  await refusal
})

test('work that reports an allocation failure is rejected as too_much_memory', async (t) => {
  const confined = makeProcess(t)
  const refusal = { code: 'too_much_memory' }
  await assert.rejects(confined.call('claim', 2 ** 33, patient), refusal)
  await assert.rejects(confined.call('break', 'Aborted(out of memory)', patient), refusal)
})

test('a process that retains much memory is replaced after its call', async (t) => {
  const confined = makeProcess(t, { keepBytes: 150 * mebibyte })
  await confined.call('hoard', { bytes: 120 * mebibyte, step: mebibyte }, patient)
  assert.equal(confined.generation(), undefined)
})

test('concurrent calls run one after the other', async (t) => {
  const confined = makeProcess(t)
  const words = ['one', 'two', 'three']
  const answers = await Promise.all(words.map((word) => confined.call('echo', word, patient)))
  assert.deepEqual(answers, words)
})

test('bytes arrive unchanged in both directions', async (t) => {
  const confined = makeProcess(t)
  const bytes = new Uint8Array(10_000_000).fill(7)
  const samples = new Uint16Array([0, 65_535, 5])
  const answer = await confined.call('invert', { page: { bytes }, samples }, patient)
  assert.equal(answer.bytes.length, bytes.length)
  assert.ok(answer.bytes.every((value) => value === 248))
  assert.deepEqual(answer.list, [new Uint16Array([65_535, 0, 65_530]), samples])
  const none = { page: { bytes: new Uint8Array() }, samples: new Uint16Array() }
  assert.equal((await confined.call('invert', none, patient)).bytes.length, 0)
})

test('the process inherits no environment, and the OOM killer takes it first', async (t) => {
  const { environment, oomScore } = await makeProcess(t).call('describe', null, patient)
  const told = environment.filter((name) => name !== 'NODE_COMPILE_CACHE')
  assert.deepEqual(told.toSorted(), ['PATH', 'TMPDIR'])
  assert.equal(oomScore, 1_000)
})

test('an abort signal ends its own running call and drops its queued ones', async (t) => {
  const confined = makeProcess(t)
  const caller = new AbortController()
  const options = { ...patient, signal: caller.signal }
  await confined.call('echo', 'ready', patient)
  const calls = [confined.call('hang', null, options), confined.call('hang', null, options)]
  const ends = calls.map((call) => assert.rejects(call, { code: 'cancelled' }))
  caller.abort()
  await Promise.all(ends)
  assert.equal(await confined.call('echo', 'after', patient), 'after')
})

test('the process ends when idle, and when it is closed during a call', async (t) => {
  const idle = makeProcess(t, { idleMs: 50 })
  const { pid } = await idle.call('describe', null, patient)
  await waitFor('the idle process has ended', () => !isRunning(pid))
  const busy = makeProcess(t)
  const { pid: second } = await busy.call('describe', null, patient)
  const hang = assert.rejects(busy.call('hang', null, patient))
  await busy.close()
  await hang
  assert.ok(!isRunning(second))
  await assert.rejects(busy.call('echo', 'after', patient), { code: 'cancelled' })
})

test('a script that fails to load does not blame the file', async (t) => {
  const missing = createConfinedProcess<WorkCalls>({
    script: new URL('missing.ts', import.meta.url),
    maxBytes: 300 * mebibyte,
    keepBytes: 300 * mebibyte,
    limitName: 'SCRIPTORIUM_TEST',
    done: 'decoded',
  })
  t.after(() => missing.close())
  const refusal = { code: 'decoder_failed', message: /did not start/ }
  await assert.rejects(missing.call('echo', '', patient), refusal)
})

for (const state of ['idle', 'busy']) {
  test(`a process that is ${state} ends with its parent, however the parent ends`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'confined-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const environment = cleanEnvironment(folder)
    const parent = 'test/fixtures/processes/confined-parent.ts'
    const program = startProgram(parent, [state], { environment })
    const pid = Number(
      state === 'idle'
        ? (await program.ended).stdout
        : await program.until('the child works', () => program.stdout() || undefined),
    )
    assert.ok(pid > 0)
    if (state === 'busy') program.kill('SIGKILL')
    await waitFor('the child has ended', () => !isRunning(pid))
  })
}
