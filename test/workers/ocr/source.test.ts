import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { statKey } from '../../../shared/files/stat-key.ts'
import type { PlannedFile } from '../../../shared/files/planned-file.ts'
import { readSource } from '../../../workers/ocr/open/source.ts'
import { makeFolder } from '../../helpers/folder.ts'

function setUp(t: TestContext, content = 'page', path = 'a.png') {
  const root = makeFolder(t)
  const file = join(root, path)
  writeFileSync(file, content)
  const stat = statKey(statSync(file, { bigint: true }))
  const read = (given: Partial<PlannedFile> = {}) =>
    readSource({ root, path, follow: false, stat, maxBytes: 100, ...given })
  return { root, file, read }
}

test('a file is returned with its bytes and their hash', async (t) => {
  const { bytes, sha256 } = await setUp(t).read()
  assert.equal(bytes.toString(), 'page')
  assert.equal(sha256, hash('sha256', 'page'))
})

test('a file that changed after planning is left for the next run', async (t) => {
  const { file, read } = setUp(t)
  appendFileSync(file, '!')
  await assert.rejects(read(), { code: 'unstable' })
})

test('an upload is identified by its hash, so its times may change', async (t) => {
  const { file, read } = setUp(t)
  appendFileSync(file, '!')
  const { bytes, sha256 } = await read({ stat: undefined })
  assert.equal(bytes.toString(), 'page!')
  assert.equal(sha256, hash('sha256', 'page!'))
})

test('an upload is checked like any other file', async (t) => {
  await assert.rejects(setUp(t, '').read({ stat: undefined }), { code: 'empty_file' })
  await assert.rejects(setUp(t).read({ maxBytes: 3 }), { code: 'too_large' })
  await assert.rejects(setUp(t).read({ path: 'gone' }), { code: 'not_found' })
})

test('a missing file or folder is not_found', async (t) => {
  const { file, read } = setUp(t)
  rmSync(file)
  await assert.rejects(read(), { code: 'not_found' })
  await assert.rejects(read({ path: 'no/such/folder.png' }), { code: 'not_found' })
})

test('an empty file is distinguished from a damaged one', async (t) => {
  await assert.rejects(setUp(t, '').read(), { code: 'empty_file', message: 'has 0 bytes' })
})

test('a file above the size limit is not read, and the error names the limit', async (t) => {
  await assert.rejects(setUp(t, 'x'.repeat(101)).read(), {
    code: 'too_large',
    message: /101 bytes.*SCRIPTORIUM_MAX_FILE_BYTES=100/,
  })
})

test('a FIFO in place of a file does not block the worker', async (t) => {
  const { file, read } = setUp(t)
  rmSync(file)
  execFileSync('mkfifo', [file])
  await assert.rejects(read(), { code: 'not_a_file' })
})

test('a folder in place of a file is rejected', async (t) => {
  const { file, read } = setUp(t)
  rmSync(file)
  mkdirSync(file)
  await assert.rejects(read(), { code: 'not_a_file' })
})

test('a symbolic link in place of a file or parent folder is rejected', async (t) => {
  const { root, read } = setUp(t)
  mkdirSync(join(root, 'sub'))
  writeFileSync(join(root, 'sub', 'b.png'), 'page')
  symlinkSync('a.png', join(root, 'link.png'))
  symlinkSync('sub', join(root, 'linked'))
  await assert.rejects(read({ path: 'link.png' }), { code: 'path_outside_root' })
  await assert.rejects(read({ path: 'linked/b.png' }), { code: 'path_outside_root' })
})

test('a link is followed on request, as long as it stays inside the root', async (t) => {
  const { root, file, read } = setUp(t)
  const outside = setUp(t)
  symlinkSync(file, join(root, 'link.png'))
  symlinkSync(outside.file, join(root, 'out.png'))
  assert.equal((await read({ path: 'link.png', follow: true })).bytes.length, 4)
  await assert.rejects(read({ path: 'out.png', follow: true }), { code: 'path_outside_root' })
})
