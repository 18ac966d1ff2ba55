import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findPlace, parseRoot, type Root } from '../../../../services/api/state/roots.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { makeFolder } from '../../../helpers/folder.ts'

/** `scans` holds `deep/a.png`; `link` leads out of it, `inner` to a folder within. */
function makeRoots(t: TestContext): { roots: Root[]; folder: string; outside: string } {
  const folder = makeFolder(t)
  const outside = makeFolder(t)
  mkdirSync(join(folder, 'deep'))
  writeFileSync(join(folder, 'deep', 'a.png'), '')
  writeFileSync(join(folder, 'b.png'), '')
  writeFileSync(join(outside, 'secret.png'), '')
  symlinkSync(outside, join(folder, 'link'))
  symlinkSync(join(folder, 'deep'), join(folder, 'inner'))
  return { roots: [parseRoot(`scans=${folder}`)], folder, outside }
}

test('a folder and a file below a root are found', (t) => {
  const { roots, folder } = makeRoots(t)
  const deep = join(folder, 'deep')
  assert.deepEqual(findPlace(roots, 'scans', ''), { folder, input: '', path: '' })
  assert.deepEqual(findPlace(roots, 'scans', '.'), { folder, input: '', path: '' })
  assert.deepEqual(findPlace(roots, 'scans', 'deep'), { folder: deep, input: '', path: 'deep' })
  assert.deepEqual(findPlace(roots, 'scans', 'deep//./'), { folder: deep, input: '', path: 'deep' })
  const file = { folder: deep, input: 'a.png', path: 'deep' }
  assert.deepEqual(findPlace(roots, 'scans', 'deep/a.png'), file)
  assert.deepEqual(findPlace(roots, 'scans', 'b.png'), { folder, input: 'b.png', path: '' })
})

test("nothing outside a root is reachable, and no answer reveals the root's folder", (t) => {
  const { roots, folder, outside } = makeRoots(t)
  const cases: [path: string, code: string][] = [
    ['..', 'invalid_request'],
    ['deep/../../secret.png', 'invalid_request'],
    ['/etc/passwd', 'invalid_request'],
    [outside, 'invalid_request'],
    ['a\0b', 'invalid_request'],
    ['deep\\a.png', 'invalid_request'],
    ['link', 'path_outside_root'],
    ['link/secret.png', 'path_outside_root'],
    ['inner/a.png', 'path_outside_root'],
    ['missing', 'not_found'],
    ['b.png/below', 'not_found'],
    ['n'.repeat(256), 'not_found'],
    ['n/'.repeat(3_000), 'not_found'],
  ]
  for (const [path, code] of cases) {
    assert.throws(
      () => findPlace(roots, 'scans', path),
      (thrown) =>
        thrown instanceof ScriptoriumError &&
        thrown.code === code &&
        (path === outside || !thrown.message.includes(outside)) &&
        !thrown.message.includes(folder),
      path,
    )
  }
})

test('an unknown root is rejected with the known ones', (t) => {
  const { roots } = makeRoots(t)
  assert.throws(() => findPlace(roots, 'other', ''), /unknown root "other"; known roots: scans/)
  assert.throws(() => findPlace([], 'other', ''), /known roots: none/)
})

test('a root has a name and an existing folder', (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  symlinkSync(folder, `${folder}-link`)
  t.after(() => rmSync(`${folder}-link`))
  assert.deepEqual(parseRoot(`a-b.c_1=${folder}`), { name: 'a-b.c_1', folder })
  assert.deepEqual(
    parseRoot(`linked=${folder}-link`),
    { name: 'linked', folder },
    'by its real name',
  )
  for (const text of [
    '',
    'a',
    'a=',
    'a=relative',
    '=/tmp',
    'a b=/tmp',
    `a=${file}`,
    `a=${folder}/none`,
  ]) {
    assert.throws(() => parseRoot(text), /SCRIPTORIUM_ROOTS/, text)
  }
})
