import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { hashBelow } from '../../../services/outputs/files/hash-of.ts'
import { readWholeInput } from '../../../services/outputs/pdf/file/input-file.ts'
import { passedOver, walk } from '../../../services/aggregator/folders/walk.ts'
import { createOpenSource } from '../../../services/api/intake/open-source.ts'
import { parseRoot } from '../../../services/api/state/roots.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { sizeOf } from '../../../shared/files/stat-key.ts'
import { readSource } from '../../../workers/ocr/open/source.ts'
import { runScript } from '../../helpers/processes/child.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { jpegLike, makeRoom, startUploadApp } from '../../helpers/api/upload-app.ts'
import { repository } from '../../helpers/processes/processes.ts'

const inside = jpegLike(100, 1)
const secret = jpegLike(999, 2)
const enough = 100
/** A hundred of each take seconds, even on a busy machine. */
const patienceMs = 120_000

/** A root whose only folder is swapped for a link that leads out of it, all the time. */
async function swap(t: TestContext) {
  let end: () => unknown = () => undefined
  t.after(() => end()) // Before its folders are removed.
  const [root, outside] = [makeFolder(t), makeFolder(t)]
  mkdirSync(join(root, 'sub'))
  writeFileSync(join(root, 'sub', 'page.jpg'), inside)
  writeFileSync(join(outside, 'page.jpg'), secret)
  const script = join(repository, 'test/fixtures/processes/swap-folder.ts')
  const swapper = runScript(t, script, [join(root, 'sub'), outside])
  end = () => {
    swapper.process.kill('SIGKILL')
    return swapper.ended
  }
  await swapper.says('swapping')
  return root
}

/** Repeats until it has read and been rejected often enough. Returns the texts that it read. */
async function tryOften<T>(read: () => Promise<T>): Promise<T[]> {
  const got: T[] = []
  let refused = 0
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    try {
      got.push(await read())
    } catch (thrown) {
      const known = new Set(['path_outside_root', 'not_found', 'input_unreadable', 'unstable'])
      if (!(thrown instanceof ScriptoriumError) || !known.has(thrown.code)) throw thrown
      refused += 1
    }
    if (got.length >= enough && refused >= enough) return got
  }
  throw new Error(
    `after ${patienceMs / 1_000} s the file was read ${got.length} times and refused ${refused} times, ` +
      `not ${enough} times each: the folder is not swapped, or one of its states is never seen`,
  )
}

for (const follow of [false, true]) {
  test(`a worker reads nothing outside while a folder is swapped, follow ${follow}`, async (t) => {
    const place = { root: await swap(t), path: 'sub/page.jpg', follow }
    const got = await tryOften(async () => {
      const { bytes } = await readSource({ ...place, maxBytes: 10_000 })
      return bytes.length
    })
    assert.deepEqual(new Set(got), new Set([inside.length]))
  })

  test(`a walk sees nothing outside while a folder is swapped, follow ${follow}`, async (t) => {
    const root = await swap(t)
    const options = { root, includeHidden: false, follow, isWanted: () => true }
    const got = await tryOften(async () => {
      // The folder's own turn, and a file that was named.
      const found = [...walk([''], options), ...walk(['sub/page.jpg'], options)]
      const files = found.flatMap((each) =>
        each !== passedOver && 'stat' in each ? [sizeOf(each.stat)] : [],
      )
      if (files.length < 2) throw new ScriptoriumError('not_found', 'swapped')
      return files
    })
    assert.deepEqual(new Set(got.flat()), new Set([inside.length]))
  })

  test(`no file outside is hashed or made into a PDF, follow ${follow}`, async (t) => {
    const place = { root: await swap(t), path: 'sub/page.jpg', follow }
    const hashes = await tryOften(async () => {
      const sha256 = await hashBelow(place)
      if (sha256 === undefined) throw new ScriptoriumError('not_found', 'swapped')
      return sha256
    })
    assert.deepEqual(new Set(hashes), new Set([hash('sha256', inside)]))
    // With the secret's hash: were it opened, it would be given.
    for (let tries = 0; tries < enough; tries += 1) {
      await assert.rejects(readWholeInput(place, hash('sha256', secret)), (thrown) =>
        /changed|cannot be shown|symbolic link/.test(toError(thrown).message),
      )
    }
  })
}

test('the API opens no file outside of a root while a folder is swapped', async (t) => {
  const root = await swap(t)
  const { store, spool } = await startUploadApp(t)
  const limits = {
    maxFileBytes: 10_000,
    maxRequestBytes: 10_000,
    maxFiles: 1,
    pace: { minBytesPerSecond: 1, windowMs: 30_000 },
    lingerMs: 1_000,
  }
  const intake = { store, room: makeRoom(spool), limits }
  const open = createOpenSource({ intake, roots: [parseRoot(`in=${root}`)], outbound: undefined })
  const { signal } = new AbortController()
  const got = await tryOften(async () => {
    const { received, rejected } = await open(
      { type: 'path', root: 'in', path: 'sub/page.jpg' },
      'me',
      signal,
    )
    for (const file of received) await file.drop()
    for (const { error } of rejected) throw error
    return received.map(({ bytes }) => bytes)
  })
  assert.deepEqual(new Set(got.flat()), new Set([inside.length]))
})
