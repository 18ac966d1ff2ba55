import assert from 'node:assert/strict'
import { chmodSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBlobKey } from '../../../shared/blobs/blob-key.ts'
import { createBlobTokens } from '../../../shared/blobs/blob-tokens.ts'
import { makeFolder } from '../../helpers/folder.ts'

const place = { root: '/scans', path: 'a.pdf', follow: false, stat: '10-1-2' }

test('a token of one process is good for another with the same data folder', (t) => {
  const folder = makeFolder(t)
  const token = createBlobTokens(folder).sign(place)
  assert.equal(createBlobTokens(folder).check(place, token), 'good')
  assert.equal(createBlobTokens(makeFolder(t)).check(place, token), 'forged')
})

test('a token is for one file at one version', (t) => {
  const { sign, check } = createBlobTokens(makeFolder(t))
  const token = sign(place)
  for (const other of [
    { path: 'b.pdf' },
    { root: '/' },
    { stat: '10-1-3' },
    { stat: undefined },
    { follow: true },
  ]) {
    assert.equal(check({ ...place, ...other }, token), 'forged', JSON.stringify(other))
  }
})

test('a token ends at its deadline, which cannot be moved', (t) => {
  const folder = makeFolder(t)
  let nowMs = 1e12
  const { sign, check } = createBlobTokens(folder, () => nowMs)
  const token = sign(place)
  nowMs += 86_399_000
  assert.equal(check(place, token), 'good')
  nowMs += 1_000
  assert.equal(check(place, token), 'expired')
  const [deadline, mac] = token.split('.')
  assert.equal(check(place, `${Number(deadline) + 1}.${mac}`), 'forged')
})

test('anything else is no token', (t) => {
  const { sign, check } = createBlobTokens(makeFolder(t))
  const token = sign(place)
  const texts = [
    '',
    '.',
    'x',
    token.slice(0, -1),
    `${token}x`,
    ` ${token}`,
    token.replace('.', ':'),
  ]
  for (const text of texts) assert.equal(check(place, text), 'forged', text)
})

test('the key is for this user alone, and leaves no draft', (t) => {
  const folder = makeFolder(t)
  const key = openBlobKey(folder)
  assert.equal(key.length, 32)
  assert.deepEqual(openBlobKey(folder), key)
  assert.deepEqual(readdirSync(folder), ['blob-key'])
  assert.equal(statSync(join(folder, 'blob-key')).mode & 0o777, 0o600)
})

test('a planted link or a file that is no key is refused', (t) => {
  const [linked, short] = [makeFolder(t), makeFolder(t)]
  symlinkSync('/etc/hostname', join(linked, 'blob-key'))
  assert.throws(() => openBlobKey(linked), { code: 'configuration', message: /symbolic link/ })
  writeFileSync(join(short, 'blob-key'), 'short')
  chmodSync(join(short, 'blob-key'), 0o600)
  assert.throws(() => openBlobKey(short), { code: 'configuration', message: /is not a key/ })
})
