import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { requireReadable, requireWritable } from '../../../shared/files/folder-access.ts'
import { makeFolder } from '../../helpers/folder.ts'

// What a user may not do is tested in containers (test/compose): root may do everything.

test('a folder that is to be written is made where there is none', (t) => {
  const folder = join(makeFolder(t), 'a', 'b')
  requireWritable('SETTING', folder)
  assert.ok(existsSync(folder))
})

test('a file is no folder to write to, and the setting that named it is named', (t) => {
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
  'a folder that the system refuses with ENOENT is refused, and not tried for ever',
  {
    skip: !existsSync('/proc/self') && 'needs /proc',
  },
  () => {
    assert.throws(() => requireWritable('SETTING', '/proc/none/such'), { code: 'configuration' })
  },
)

test('a folder that is gone cannot be read', (t) => {
  const folder = join(makeFolder(t), 'gone')
  assert.throws(
    () => requireReadable('SETTING', folder, 'input_unreadable'),
    (error) =>
      error instanceof ScriptoriumError &&
      error.code === 'input_unreadable' &&
      error.message.startsWith(`SETTING: ${folder} cannot be read`),
  )
})
