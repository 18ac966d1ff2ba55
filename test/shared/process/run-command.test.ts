import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { repository } from '../../helpers/processes/processes.ts'

const fixture = join(repository, 'test/fixtures/processes/command.ts')

/**
 * Runs a shell command in which `COMMAND` is replaced by the fixture; `code` is that of the fixture, not of its reader.
 */
function runLine(line: string) {
  const { stdout, stderr } = spawnSync('bash', ['-c', `${line}; echo "code \${PIPESTATUS[0]}"`], {
    env: { ...process.env, COMMAND: `${process.execPath} ${fixture}` },
    encoding: 'utf8',
  })
  const [, before = '', code] = /^([^]*)code (\d+)\n$/.exec(stdout) ?? []
  return { stdout: before, stderr, code: Number(code) }
}

test('a command outlives the reader of its output, and its exit code stays correct', () => {
  for (const code of [0, 2]) {
    const { stdout, code: seen } = runLine(`$COMMAND 300000 ${code} 2>&1 | head -n 1`)
    assert.equal(stdout.length, 1_000)
    assert.equal(seen, code)
  }
})

test('a slow reader receives all output', () => {
  const { stdout, code } = runLine('$COMMAND 300000 0 2>/dev/null | (sleep 1; cat)')
  assert.equal(stdout.length, 300_000)
  assert.equal(code, 0)
})

test('an error prints one line with its reason and sets the exit code', () => {
  const { stderr, code } = runLine('$COMMAND 0 configuration')
  assert.equal(stderr, 'command: X is not set\n')
  assert.equal(code, 9)
})

test(
  'output lost to a full disk is a failure, unless a worse one sets the exit code',
  {
    skip: !existsSync('/dev/full') && 'needs /dev/full',
  },
  () => {
    const { stderr, code } = runLine('$COMMAND 10000 0 >/dev/full')
    assert.match(stderr, /^command: standard output could not be written: ENOSPC/m)
    assert.equal(code, 15)
    assert.equal(runLine('$COMMAND 10000 2 2>/dev/null >/dev/full').code, 2)
    assert.equal(runLine('$COMMAND 10000 0 2>/dev/full >/dev/null').code, 0)
  },
)
