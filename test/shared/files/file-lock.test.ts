import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { takeLock } from '../../../shared/files/file-lock.ts'
import { runScript } from '../../helpers/processes/child.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { repository } from '../../helpers/processes/processes.ts'

const script = join(repository, 'test/fixtures/processes/lock-holder.ts')

test('a lock creates its folder, and can be taken again after its release', (t) => {
  const file = join(makeFolder(t), 'new', 'run.lock')
  const first = takeLock(file)
  assert.ok('release' in first)
  first.release()
  const second = takeLock(file)
  assert.ok('release' in second)
  second.release()
})

test('an overwritten lock file does not block the next holder', (t) => {
  const file = join(makeFolder(t), 'run.lock')
  writeFileSync(file, 'this is no database, and long enough to be looked at '.repeat(20))
  const lock = takeLock(file)
  assert.ok('release' in lock)
  lock.release()
})

test('a second attempt at a held lock returns the holder', async (t) => {
  const file = join(makeFolder(t), 'run.lock')
  const child = runScript(t, script, [file])
  await child.says('held')
  const lock = takeLock(file)
  assert.ok('holder' in lock)
  assert.equal(lock.holder?.pid, child.process.pid)
  assert.equal(lock.holder?.host, hostname())
  assert.ok(Math.abs(Date.parse(lock.holder.since) - Date.now()) < 60_000)
})

test('a lock is free as soon as its holder is killed', async (t) => {
  const file = join(makeFolder(t), 'run.lock')
  const child = runScript(t, script, [file])
  await child.says('held')
  child.process.kill('SIGKILL')
  await child.ended
  const lock = takeLock(file)
  assert.ok('release' in lock)
  lock.release()
})

test('a holder that has not written its name yet still holds the lock', (t) => {
  const file = join(makeFolder(t), 'run.lock')
  const first = takeLock(file)
  assert.ok('release' in first)
  t.after(first.release)
  rmSync(`${file}.holder`)
  assert.deepEqual(takeLock(file), { holder: undefined })
  writeFileSync(`${file}.holder`, '{"pid":')
  assert.deepEqual(takeLock(file), { holder: undefined })
})
