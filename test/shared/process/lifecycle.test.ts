import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { runScript } from '../../helpers/processes/child.ts'
import { waitFor } from '../../helpers/wait.ts'
import { repository } from '../../helpers/processes/processes.ts'

const script = join(repository, 'test/fixtures/processes/lifecycle.ts')
const belowNpm = join(repository, 'test/fixtures/processes/below-npm.ts')
const words = (output: string): string[] =>
  output.split('\n').filter((line) => line !== '' && !line.startsWith('{'))

test('at SIGTERM what was opened last is closed first, and the exit is clean', async (t) => {
  const child = runScript(t, script, ['works'])
  await child.says('ready')
  child.process.kill('SIGTERM')
  assert.deepEqual(await child.ended, { code: 0, signal: null })
  assert.deepEqual(words(child.output()), [
    'ready',
    'stopping',
    'released the third',
    'releasing the second',
    'released the first',
  ])
})

test('one release that fails does not stop the others, and shows in the exit code', async (t) => {
  const child = runScript(t, script, ['fails'])
  await child.says('ready')
  child.process.kill('SIGINT')
  assert.equal((await child.ended).code, 1)
  assert.equal(words(child.output()).at(-1), 'released the first')
  assert.match(child.output(), /"msg":"closing failed"/)
})

test('work that does not end by the deadline ends with the process', async (t) => {
  const child = runScript(t, script, ['hangs', '100'])
  await child.says('ready')
  child.process.kill('SIGTERM')
  assert.equal((await child.ended).code, 75)
})

test('the second signal exits at once', async (t) => {
  const child = runScript(t, script, ['hangs'])
  await child.says('ready')
  child.process.kill('SIGINT')
  await child.says('releasing the second')
  // The first repeats may count as the same key press, which arrives twice under npm.
  const timer = setInterval(() => child.process.kill('SIGINT'), 100)
  t.after(() => clearInterval(timer))
  assert.equal((await child.ended).code, 130)
})

test('the same Ctrl-C delivered twice, as under npm, is one', async (t) => {
  const child = runScript(t, script, ['works'])
  await child.says('ready')
  child.process.kill('SIGINT')
  child.process.kill('SIGTERM')
  assert.equal((await child.ended).code, 0)
})

test('the Ctrl-C that npm forwards late is no second one', async (t) => {
  const npm = runScript(t, belowNpm, ['hangs'])
  await npm.says('ready')
  const pid = Number(/pid (\d+)/.exec(npm.output())?.[1])
  process.kill(pid, 'SIGINT')
  await npm.says('releasing the second')
  await setTimeout(1_500)
  process.kill(pid, 'SIGINT')
  await setTimeout(100)
  assert.equal(npm.process.exitCode, null)
  process.kill(pid, 'SIGINT')
  assert.equal((await npm.ended).code, 130)
})

test('the terminal that closes is a request to stop', async (t) => {
  const child = runScript(t, script, ['works'])
  await child.says('ready')
  child.process.kill('SIGHUP')
  assert.deepEqual(await child.ended, { code: 0, signal: null })
  assert.equal(words(child.output()).at(-1), 'released the first')
})

test('a child leaves Ctrl-C and a closed terminal to its parent and obeys SIGTERM', async (t) => {
  const child = runScript(t, script, ['works'], { isChild: true })
  await child.says('ready')
  child.process.kill('SIGINT')
  child.process.kill('SIGHUP')
  child.process.kill('SIGTERM')
  assert.equal((await child.ended).code, 0)
  assert.match(child.output(), /"reason":"SIGTERM"/)
})

test('a child that its parent tells to end after the whole group was told is not ended for that', async (t) => {
  const child = runScript(t, script, ['hangs'], { isChild: true })
  await child.says('ready')
  child.process.kill('SIGTERM')
  await child.says('releasing the second')
  await setTimeout(1_500)
  child.process.kill('SIGTERM')
  await setTimeout(100)
  assert.equal(child.process.exitCode, null)
})

test('a child that loses its parent closes and ends', async (t) => {
  const child = runScript(t, script, ['works'], { isChild: true })
  await child.says('ready')
  child.process.disconnect()
  assert.equal((await child.ended).code, 0)
  assert.equal(words(child.output()).at(-1), 'released the first')
  assert.match(child.output(), /the parent is gone/)
})

test('a child that loses its parent while its work hangs does not outlive it by long', async (t) => {
  const child = runScript(t, script, ['hangs', '3600000'], { isChild: true })
  await child.says('ready')
  const exit = once(child.process, 'exit')
  child.process.disconnect()
  await waitFor('the orphan is gone', () => child.process.exitCode !== null)
  assert.deepEqual(await exit, [75, null])
})

test('a process may stop itself, with an exit code of its choice', async (t) => {
  const child = runScript(t, script, ['works'], { isChild: true })
  await child.says('ready')
  child.process.send('9')
  assert.equal((await child.ended).code, 9)
  assert.equal(words(child.output()).at(-1), 'released the first')
})
