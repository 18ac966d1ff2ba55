import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createAftermath } from '../../../../../services/cli/ingest/watch/aftermath.ts'
import { statKey } from '../../../../../shared/files/stat-key.ts'
import { makeFolder } from '../../../../helpers/folder.ts'

function setUp(t: TestContext, isMoving: boolean) {
  const [root, done, failed] = [makeFolder(t), makeFolder(t), makeFolder(t)]
  mkdirSync(join(root, 'b'))
  const put = (text: string) => {
    const file = join(root, 'b/a.png')
    writeFileSync(file, text)
    return { path: 'b/a.png', key: statKey(lstatSync(file, { bigint: true })) }
  }
  const textOf = (folder: string, name: string) => readFileSync(join(folder, 'b', name), 'utf8')
  const aftermath = createAftermath({ root, done: isMoving ? done : undefined, failed })
  return { aftermath, root, done, failed, put, textOf }
}

test('read files are moved, and never over another', (t) => {
  const { aftermath, root, done, put, textOf } = setUp(t, true)
  aftermath.succeeded(put('one'))
  assert.equal(existsSync(join(root, 'b/a.png')), false)
  aftermath.succeeded(put('two'))
  assert.deepEqual([textOf(done, 'a.png'), textOf(done, 'a (2).png')], ['one', 'two'])
})

test('a file that has changed since it was read stays', (t) => {
  const { aftermath, done, put, textOf, root } = setUp(t, true)
  const before = put('one')
  put('changed')
  aftermath.succeeded(before)
  assert.equal(textOf(root, 'a.png'), 'changed')
  assert.equal(existsSync(join(done, 'b')), false)
})

test('a failed file leaves its reason, which goes when it is read', (t) => {
  const { aftermath, failed, root, put, textOf } = setUp(t, false)
  const file = put('bad')
  aftermath.failed(file, { code: 'corrupt_image', message: 'is damaged' }, 4)
  assert.match(
    textOf(failed, 'a.png.reason.txt'),
    /^b\/a\.png: corrupt_image: is damaged\n\nAttempts: 4\. /,
  )
  assert.equal(textOf(root, 'a.png'), 'bad', 'without --move-done it stays')
  aftermath.succeeded(file)
  assert.equal(existsSync(join(failed, 'b/a.png.reason.txt')), false)
})

test('where read files are moved, a failed one is set apart beside its reason', (t) => {
  const { aftermath, failed, root, put, textOf } = setUp(t, true)
  aftermath.failed(put('bad'), { code: 'corrupt_image', message: 'is damaged' }, 1)
  assert.equal(textOf(failed, 'a.png'), 'bad')
  assert.equal(existsSync(join(root, 'b/a.png')), false)
})
