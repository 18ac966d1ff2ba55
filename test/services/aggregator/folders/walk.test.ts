import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  passedOver,
  walk,
  type Found,
  type WalkOptions,
} from '../../../../services/aggregator/folders/walk.ts'
import { makeFolder } from '../../../helpers/folder.ts'

function fill(root: string, paths: readonly string[]): string {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), path)
  }
  return root
}

const walkAll = (root: string, given: Partial<WalkOptions> = {}, inputs = ['']): Found[] =>
  [
    ...walk(inputs, { root, includeHidden: false, follow: false, isWanted: () => true, ...given }),
  ].filter((step) => step !== passedOver)
const told = (found: readonly Found[]): string[] =>
  found.map((one) => ('problem' in one ? `${one.path}: ${one.problem.code}` : one.path))

test('files come in the order of their names, folder by folder, in any order of the disk', (t) => {
  const root = fill(makeFolder(t), ['b.png', 'a/2.png', 'a/10.png', 'c/d/e.png', 'B.png', 'é.png'])
  assert.deepEqual(told(walkAll(root)), [
    'B.png',
    'a/10.png',
    'a/2.png',
    'b.png',
    'c/d/e.png',
    'é.png',
  ])
})

test('system files are skipped', (t) => {
  const junk = ['Thumbs.db', 'desktop.ini', '~$draft.png', '__MACOSX/a.png', '@eaDir/b.png']
  const root = fill(makeFolder(t), [...junk, '._a.png', '.DS_Store', 'page.png'])
  assert.deepEqual(told(walkAll(root, { includeHidden: true })), ['page.png'])
})

test('hidden files and folders are read only on request', (t) => {
  const root = fill(makeFolder(t), ['.hidden.png', '.folder/a.png', 'b.png'])
  assert.deepEqual(told(walkAll(root)), ['b.png'])
  assert.deepEqual(told(walkAll(root, { includeHidden: true })), [
    '.folder/a.png',
    '.hidden.png',
    'b.png',
  ])
})

test('a hidden input is read if it is named', (t) => {
  const root = fill(makeFolder(t), ['.hidden.png', '.folder/a.png'])
  assert.deepEqual(told(walkAll(root, {}, ['.hidden.png', '.folder'])), [
    '.hidden.png',
    '.folder/a.png',
  ])
})

test('a file is found once, however often it is named', (t) => {
  const root = fill(makeFolder(t), ['a/1.png', 'a/2.png', 'b.png'])
  const found = told(walkAll(root, {}, ['a', 'a/2.png', '', 'b.png', 'a']))
  assert.deepEqual(found.toSorted(), ['a/1.png', 'a/2.png', 'b.png'])
})

test('files that the globs exclude are not examined', (t) => {
  const root = fill(makeFolder(t), ['a.png', 'a.txt', 'sub/b.png'])
  const globs = { isWanted: (path: string): boolean => path.endsWith('.png') }
  assert.deepEqual(told(walkAll(root, globs)), ['a.png', 'sub/b.png'])
})

test('a FIFO is reported and not opened', (t) => {
  const root = fill(makeFolder(t), ['a.png'])
  execFileSync('mkfifo', [join(root, 'pipe.png')])
  const found = walkAll(root)
  assert.deepEqual(told(found), ['a.png', 'pipe.png: not_a_file'])
  assert.match(JSON.stringify(found[1]), /is a FIFO/)
})

test('symbolic links are skipped unless they are followed on request', (t) => {
  const root = fill(makeFolder(t), ['a.png', 'sub/b.png'])
  symlinkSync('a.png', join(root, 'link.png'))
  symlinkSync('sub', join(root, 'linked'))
  assert.deepEqual(told(walkAll(root)), ['a.png', 'sub/b.png'])
  assert.deepEqual(told(walkAll(root, { follow: true })), [
    'a.png',
    'link.png',
    'linked/b.png',
    'sub/b.png',
  ])
})

test('a link that leaves the folder is rejected, a dangling one is skipped', (t) => {
  const outside = fill(makeFolder(t), ['secret.png'])
  const root = fill(makeFolder(t), ['a.png'])
  symlinkSync(join(outside, 'secret.png'), join(root, 'file.png'))
  symlinkSync(outside, join(root, 'folder'))
  symlinkSync('nowhere', join(root, 'gone.png'))
  assert.deepEqual(told(walkAll(root, { follow: true })), [
    'a.png',
    'file.png: path_outside_root',
    'folder: path_outside_root',
    'gone.png: not_found',
  ])
})

test('a link to a parent folder does not loop', (t) => {
  const root = fill(makeFolder(t), ['a/b/page.png'])
  symlinkSync('../..', join(root, 'a', 'b', 'up'))
  symlinkSync('self', join(root, 'self'))
  assert.deepEqual(told(walkAll(root, { follow: true })), [
    'a/b/page.png',
    'self: input_unreadable',
  ])
})

test('a name that is not UTF-8 is reported under a unique name', (t) => {
  const root = fill(makeFolder(t), ['é.png', 'z.png'])
  writeFileSync(Buffer.concat([Buffer.from(root), Buffer.from('/\xe9.png', 'latin1')]), '')
  writeFileSync(Buffer.concat([Buffer.from(root), Buffer.from('/\xe8.png', 'latin1')]), '')
  const found = walkAll(root)
  assert.equal(found.filter((one) => 'problem' in one).length, 2)
  assert.equal(new Set(found.map(({ path }) => path)).size, 4)
  assert.match(JSON.stringify(found), /path_not_utf8.*convmv/)
})

test('names with newlines and quotes are ordinary files', (t) => {
  const names = ['a\nb.png', `it's "it".png`]
  assert.deepEqual(told(walkAll(fill(makeFolder(t), names))), names)
})

test('a missing input is one problem, and the others are found', (t) => {
  const root = fill(makeFolder(t), ['a.png'])
  assert.deepEqual(told(walkAll(root, {}, ['missing', 'a.png'])), ['missing: not_found', 'a.png'])
})

test('a file has its stat and its age', (t) => {
  const [found] = walkAll(fill(makeFolder(t), ['a.png']))
  assert.ok(found !== undefined && 'stat' in found)
  assert.match(found.stat, /^5-\d{19}-\d{19}$/)
  assert.ok(Math.abs(found.changedMsAgo) < 60_000)
})
