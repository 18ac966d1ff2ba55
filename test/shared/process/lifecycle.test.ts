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

test('SIGTERM closes resources in reverse order and exits with 0', async (t) => {
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

test('a failing release does not stop the others, and gives a nonzero exit code', async (t) => {
  const child = runScript(t, script, ['fails'])
  await child.says('ready')
  child.process.kill('SIGINT')
  assert.equal((await child.ended).code, 1)
  assert.equal(words(child.output()).at(-1), 'released the first')
  assert.match(child.output(), /"msg":"closing failed"/)
})

test('work that exceeds the deadline ends with the process', async (t) => {
  const child = runScript(t, script, ['hangs', '100'])
  await child.says('ready')
  child.process.kill('SIGTERM')
  assert.equal((await child.ended).code, 75)
})

test('a second signal exits immediately', async (t) => {
  const child = runScript(t, script, ['hangs'])
  await child.says('ready')
  child.process.kill('SIGINT')
  await child.says('releasing the second')
  // The first repeats may count as the same key press, which arrives twice under npm.
  const timer = setInterval(() => child.process.kill('SIGINT'), 100)
  t.after(() => clearInterval(timer))
  assert.equal((await child.ended).code, 130)
})

test('a Ctrl-C delivered twice at once, as under npm, counts once', async (t) => {
  const child = runScript(t, script, ['works'])
  await child.says('ready')
  child.process.kill('SIGINT')
  child.process.kill('SIGTERM')
  assert.equal((await child.ended).code, 0)
})

test('a Ctrl-C that npm forwards late does not count as a second one', async (t) => {
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

test('closing the terminal requests a stop', async (t) => {
  const child = runScript(t, script, ['works'])
  await child.says('ready')
  child.process.kill('SIGHUP')
  assert.deepEqual(await child.ended, { code: 0, signal: null })
  assert.equal(words(child.output()).at(-1), 'released the first')
})

test('a child ignores Ctrl-C and a closed terminal, and obeys SIGTERM', async (t) => {
  const child = runScript(t, script, ['works'], { isChild: true })
  await child.says('ready')
  child.process.kill('SIGINT')
  child.process.kill('SIGHUP')
  child.process.kill('SIGTERM')
  assert.equal((await child.ended).code, 0)
  assert.match(child.output(), /"reason":"SIGTERM"/)
})

test('a second SIGTERM, to the group and then from the parent, does not kill a child', async (t) => {
  const child = runScript(t, script, ['hangs'], { isChild: true })
  await child.says('ready')
  child.process.kill('SIGTERM')
  await child.says('releasing the second')
  await setTimeout(1_500)
  child.process.kill('SIGTERM')
  await setTimeout(100)
  assert.equal(child.process.exitCode, null)
})

test('a child without its parent closes its resources and exits', async (t) => {
  const child = runScript(t, script, ['works'], { isChild: true })
  await child.says('ready')
  child.process.disconnect()
  assert.equal((await child.ended).code, 0)
  assert.equal(words(child.output()).at(-1), 'released the first')
  assert.match(child.output(), /the parent is gone/)
})

test('a child with hanging work exits soon after it loses its parent', async (t) => {
  const child = runScript(t, script, ['hangs', '3600000'], { isChild: true })
  await child.says('ready')
  const exit = once(child.process, 'exit')
  child.process.disconnect()
  await waitFor('the orphan is gone', () => child.process.exitCode !== null)
  assert.deepEqual(await exit, [75, null])
})

test('a process can stop itself with any exit code', async (t) => {
  const child = runScript(t, script, ['works'], { isChild: true })
  await child.says('ready')
  child.process.send('9')
  assert.equal((await child.ended).code, 9)
  assert.equal(words(child.output()).at(-1), 'released the first')
})
