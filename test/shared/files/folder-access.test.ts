import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { requireReadable, requireWritable } from '../../../shared/files/folder-access.ts'
import { makeFolder } from '../../helpers/folder.ts'

// Missing permissions are tested in containers (test/compose): root may do everything.

test('a missing folder is created if it must be writable', (t) => {
  const folder = join(makeFolder(t), 'a', 'b')
  requireWritable('SETTING', folder)
  assert.ok(existsSync(folder))
})

test('a file in place of a folder is rejected, and the error names the setting', (t) => {
  const file = join(makeFolder(t), 'file')
  writeFileSync(file, '', { mode: 0o755 })
  assert.throws(
    () => requireWritable('SETTING', file, 'output_unwritable'),
    (error) =>
      error instanceof ScriptoriumError &&
      error.code === 'output_unwritable' &&
      error.message.startsWith(`SETTING: ${file} cannot be written`),
  )
})

test(
  'a folder that the system rejects with ENOENT is rejected without endless retries',
  {
    skip: !existsSync('/proc/self') && 'needs /proc',
  },
  () => {
    assert.throws(() => requireWritable('SETTING', '/proc/none/such'), { code: 'configuration' })
  },
)

test('a missing folder is not readable', (t) => {
  const folder = join(makeFolder(t), 'gone')
  assert.throws(
    () => requireReadable('SETTING', folder, 'input_unreadable'),
    (error) =>
      error instanceof ScriptoriumError &&
      error.code === 'input_unreadable' &&
      error.message.startsWith(`SETTING: ${folder} cannot be read`),
  )
})
