import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { repository } from '../../helpers/processes/processes.ts'

const fixture = join(repository, 'test/fixtures/processes/logger.ts')

/** The exit code of the fixture, not of the reader of its log. */
const codeWith = (rest: string): number | null =>
  spawnSync('bash', ['-c', `${process.execPath} ${fixture} ${rest}; exit \${PIPESTATUS[0]}`]).status

test('a process continues when its log has no reader', () => {
  assert.equal(codeWith('2>&1 | true'), 7)
})

test(
  "a process continues when its log's disk is full",
  {
    skip: !existsSync('/dev/full') && 'needs /dev/full',
  },
  () => {
    assert.equal(codeWith('2>/dev/full'), 7)
  },
)
