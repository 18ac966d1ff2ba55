import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createBlobCache } from '../../../../../workers/ocr/open/blobs/blob-cache.ts'
import { createBlobReader } from '../../../../../workers/ocr/open/blobs/blob-reader.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { silent } from '../../../../helpers/processes/private-redis.ts'

const requestOf = (path: string, stat = '1-2-3') => ({
  jobId: 'j1',
  root: '/scans',
  path,
  follow: false,
  stat,
  maxBytes: 1e6,
})
const sourceOf = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, sha256: hash('sha256', bytes) }
}

function setUp(t: TestContext, maxBytes = 1_000) {
  const folder = join(makeFolder(t), 'copies')
  const open = () => createBlobCache({ folder, maxBytes, log: silent })
  return { folder, open, cache: open() }
}

test('a copy is found by every worker of the host, for the same version of the file', async (t) => {
  const { cache, open } = setUp(t)
  await cache.keep(requestOf('a.pdf'), sourceOf('content'))
  assert.deepEqual(await open().find(requestOf('a.pdf')), sourceOf('content'))
  assert.equal(await cache.find(requestOf('a.pdf', '1-2-4')), undefined)
  assert.equal(await cache.find(requestOf('b.pdf')), undefined)
})

test('the least recently used copies are deleted beyond the limit', async (t) => {
  const { cache, folder } = setUp(t, 300)
  for (const [index, name] of ['a', 'b'].entries()) {
    await cache.keep(requestOf(name), sourceOf(name.repeat(100)))
    for (const file of readdirSync(folder)) utimesSync(join(folder, file), index, index)
  }
  await cache.find(requestOf('a'))
  await cache.keep(requestOf('c'), sourceOf('c'.repeat(100)))
  assert.equal(await cache.find(requestOf('b')), undefined)
  for (const name of ['a', 'c']) assert.ok(await cache.find(requestOf(name)), name)
  await cache.keep(requestOf('d'), sourceOf('d'.repeat(301)))
  assert.equal(await cache.find(requestOf('d')), undefined)
})

test('a damaged copy is deleted, and so is one that was never finished', async (t) => {
  const { cache, folder } = setUp(t)
  await cache.keep(requestOf('a'), sourceOf('content'))
  const [file = ''] = readdirSync(folder)
  writeFileSync(join(folder, file), Buffer.alloc(39))
  assert.equal(await cache.find(requestOf('a')), undefined)
  assert.deepEqual(readdirSync(folder), [])
  writeFileSync(join(folder, 'x.draft'), '')
  utimesSync(join(folder, 'x.draft'), 1, 1)
  await cache.keep(requestOf('b'), sourceOf('content'))
  assert.equal(readdirSync(folder).length, 1)
})

test('a disk that takes no copy costs a download, not the page', async (t) => {
  const { cache, folder } = setUp(t)
  chmodSync(folder, 0o700)
  await cache.keep(requestOf('a'), sourceOf('content'))
  const [file = ''] = readdirSync(folder)
  const { cache: other, folder: blocked } = setUp(t)
  mkdirSync(join(blocked, file)) // In the place of the copy.
  await other.keep(requestOf('a'), sourceOf('content'))
  assert.equal(await other.find(requestOf('a')), undefined)
  assert.deepEqual(readdirSync(blocked), [file])
})

test('a link in the place of the folder is refused', (t) => {
  const folder = join(makeFolder(t), 'copies')
  symlinkSync('/tmp', folder)
  assert.throws(() => createBlobCache({ folder, maxBytes: 1, log: silent }), {
    code: 'configuration',
  })
})

test('a document is downloaded once if it was kept', async (t) => {
  const { cache } = setUp(t)
  let downloads = 0
  const download = async () => {
    downloads += 1
    return sourceOf('content')
  }
  const reader = createBlobReader({ download, cache })
  const first = await reader.read(requestOf('a'))
  assert.equal(await reader.read(requestOf('a')).then(({ sha256 }) => sha256), first.sha256)
  assert.equal(downloads, 2, 'a document of one page is not kept')
  await reader.keep(requestOf('a'), first)
  await reader.read(requestOf('a'))
  assert.equal(downloads, 2)
})
