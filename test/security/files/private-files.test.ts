import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openLedger } from '../../../services/ledger/ledger.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, startService } from '../../helpers/processes/service.ts'
import { takePrivateFolder } from '../../../shared/files/private-files.ts'

/** With a permissive umask every file without an explicit mode can be read and written by all users. */
function openUmask(t: TestContext): void {
  const before = process.umask(0)
  t.after(() => process.umask(before))
}

/** Paths in a folder, and the folder itself, that other users can access. */
function openIn(folder: string): string[] {
  const paths = ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]
  return paths.flatMap((path) => {
    const { mode } = lstatSync(join(folder, path))
    return (mode & 0o077) === 0 ? [] : [`${path || '.'} ${(mode & 0o777).toString(8)}`]
  })
}

test('all private files of a run are closed to other users, during and after it', async (t) => {
  openUmask(t)
  const scene = createScene(t)
  writeFileSync(join(scene.input, 'slow.png'), await pngOf('slow'))
  const running = scene.start([scene.input], { FAULT_SLOW_MS: '2000' })
  const state = join(scene.out, '.scriptorium')
  await running.until('a ledger and a Redis', () =>
    existsSync(join(state, 'ledger.sqlite-wal')) ? existsSync(join(state, 'redis')) : undefined,
  )
  assert.deepEqual(openIn(state), [])
  const { code } = await running.ended
  assert.equal(code, 0)
  assert.deepEqual(openIn(state), [])
  // The output is the user's: a umask of 0 leaves it readable.
  assert.equal(statSync(join(scene.out, 'slow.png.txt')).mode & 0o044, 0o044)
})

test('the service keeps ledger, spool, log and Redis closed to other users', async (t) => {
  openUmask(t)
  const scene = createScene(t)
  const { client, data } = await startService(scene)
  await client.upload([await fileOf('private')])
  assert.deepEqual(openIn(data), [])
})

test('a readable folder of an earlier version is closed, with all private files in it', (t) => {
  const folder = makeFolder(t)
  openLedger(folder).close()
  mkdirSync(join(folder, 'redis', 'appendonlydir'), { recursive: true })
  writeFileSync(join(folder, 'redis', 'appendonlydir', 'base.aof'), 'secrets')
  writeFileSync(join(folder, 'scriptorium.log'), 'lines')
  mkdirSync(join(folder, 'output'))
  for (const path of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    const file = join(folder, path)
    chmodSync(file, lstatSync(file).isDirectory() ? 0o755 : 0o644)
  }
  assert.deepEqual(takePrivateFolder(folder), { isTightened: true, isOpen: false })
  // Output below SCRIPTORIUM_DATA is the user's.
  assert.deepEqual(openIn(folder), ['output 755'])
  assert.deepEqual(takePrivateFolder(folder), { isTightened: false, isOpen: false })
})
