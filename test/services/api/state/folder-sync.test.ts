import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSharedSync, syncFolder } from '../../../../services/api/state/folder-sync.ts'
import { makeFolder } from '../../../helpers/folder.ts'

/** Syncs that end on request, and the number of started ones. */
function makeGate() {
  const ends: PromiseWithResolvers<void>[] = []
  const sync = (): Promise<void> => {
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return end.promise
  }
  return { ends, sync }
}

/** Runs all work that waits for nothing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a caller is released by a sync that began after its call, and concurrent callers share it', async () => {
  const { ends, sync } = makeGate()
  const share = createSharedSync(sync)
  const released: string[] = []
  const call = (name: string): Promise<unknown> => share().then(() => released.push(name))

  const all = [call('first'), call('with it')]
  await settle()
  assert.equal(ends.length, 1)
  all.push(call('during'), call('during too'))
  await settle()
  assert.equal(ends.length, 1, 'one at a time')

  ends[0]?.resolve()
  await settle()
  assert.deepEqual(released, ['first', 'with it'])
  assert.equal(ends.length, 2)
  all.push(call('later'))
  ends[1]?.resolve()
  await settle()
  assert.deepEqual(released, ['first', 'with it', 'during', 'during too'])
  assert.equal(ends.length, 3)
  ends[2]?.resolve()
  await Promise.all(all)
})

test('a failed sync fails its callers only', async () => {
  const { ends, sync } = makeGate()
  const share = createSharedSync(sync)
  const first = assert.rejects(share(), /disk on fire/)
  await settle()
  const second = share()
  ends[0]?.reject(new Error('disk on fire'))
  await first
  await settle()
  ends[1]?.resolve()
  await second
})

test('a folder is synced, and a missing one is an error', async (t) => {
  const folder = makeFolder(t)
  await syncFolder(folder)
  await assert.rejects(syncFolder(`${folder}/nowhere`), { code: 'ENOENT' })
})
