import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { lastFatal, logFileOf, openLog } from '../../../services/embedded/log-file.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { waitFor } from '../../helpers/wait.ts'

const maxBytes = 100_000
const writer = `
  import { writeSync } from 'node:fs'
  let n = 0
  setInterval(() => {
    for (let lines = 0; lines < 50; lines += 1) writeSync(2, JSON.stringify({ n: n++, text: 'x'.repeat(80) }) + '\\n')
  }, 5)`

test('the log of a long-running stack is bounded, and rotation splits no line', async (t) => {
  const folder = makeFolder(t)
  const log = openLog(folder, { maxBytes, lookEveryMs: 10 })
  t.after(() => log.close())
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
    stdio: ['ignore', 'ignore', log.descriptor],
  })
  const ended = once(child, 'exit')
  const [file, earlier] = [logFileOf(folder), `${logFileOf(folder)}.1`]
  const linesOf = (path: string): { n: number }[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(1, -1) // The first of an earlier log is cut where that begins.
      .map((line) => JSON.parse(line) as { n: number })
  await waitFor('a hundred times as much was written as is kept', () => {
    const size = statSync(earlier, { throwIfNoEntry: false })?.size ?? 0
    assert.ok(size <= maxBytes)
    const last = linesOf(file).at(-1)
    return (last?.n ?? 0) * 90 > 20 * maxBytes
  })
  child.kill('SIGKILL')
  await ended
  await waitFor('it is short', () => statSync(file).size <= maxBytes)
  for (const path of [file, earlier]) {
    const numbers = linesOf(path).map(({ n }) => n)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => (numbers[0] ?? 0) + index),
    )
    assert.equal(statSync(path).mode & 0o777, 0o600)
  }
})

test('the last lines are found across a rotation', (t) => {
  const folder = makeFolder(t)
  const log = openLog(folder, { maxBytes, lookEveryMs: 60_000 })
  const fatal = JSON.stringify({ level: 60, pid: 7, err: { message: 'no languages' } })
  writeSync(log.descriptor, `${'x'.repeat(maxBytes)}\n${fatal}\n`)
  log.close()
  const next = openLog(folder, { maxBytes })
  t.after(() => next.close())
  assert.equal(statSync(logFileOf(folder)).size, 0)
  assert.equal(lastFatal(folder, 7), 'no languages')
})
