import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findTruthPages } from '../../../../scripts/tools/accuracy/truth-pages.ts'
import { makeFolder } from '../../../helpers/folder.ts'

function makeFiles(t: TestContext, names: readonly string[]): string {
  const folder = makeFolder(t)
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
  return folder
}

test('a page is an image with its ground truth beside it; each folder of them is a set', (t) => {
  const folder = makeFiles(t, [
    'top.png',
    'top.gt.txt',
    'letters/old/a.b.jpg',
    'letters/old/a.b.gt.txt',
    'letters/x.tif',
    'letters/x.gt.txt',
    'letters/x.txt',
    'letters/x.json',
    'letters/no-truth.png',
    'letters/no-picture.gt.txt',
  ])
  const pages = findTruthPages(folder)
  assert.deepEqual(pages.paths.toSorted(), ['letters/old/a.b.jpg', 'letters/x.tif', 'top.png'])
  assert.deepEqual(pages.leftOut, [])
  assert.deepEqual(findTruthPages(folder, { sets: ['letters', '.'] }).paths, [
    'letters/x.tif',
    'top.png',
  ])
})

test('sets in other languages are skipped by default, and named', (t) => {
  const folder = makeFiles(t, [
    'kannada/k.tif',
    'kannada/k.gt.txt',
    'forms/f.png',
    'forms/f.gt.txt',
  ])
  const pages = findTruthPages(folder)
  assert.deepEqual(pages.paths, ['forms/f.png'])
  assert.deepEqual(pages.leftOut, ['kannada'])
  assert.deepEqual(findTruthPages(folder, { sets: ['kannada'] }).paths, ['kannada/k.tif'])
})

test('a limit applies to each set', (t) => {
  const names = ['a/1', 'a/2', 'a/3', 'b/1'].flatMap((name) => [`${name}.png`, `${name}.gt.txt`])
  const pages = findTruthPages(makeFiles(t, names), { limit: 2 })
  assert.deepEqual(pages.paths, ['a/1.png', 'a/2.png', 'b/1.png'])
})

test('a folder without ground truth, and a missing set, are rejected by name', (t) => {
  const folder = makeFiles(t, ['a/1.png', 'a/1.gt.txt', 'b/2.png'])
  assert.throws(() => findTruthPages(folder, { sets: ['c'] }), /no set c; these are: a$/)
  assert.throws(() => findTruthPages(join(folder, 'b')), /no page with ground truth: x\.png with/)
})
