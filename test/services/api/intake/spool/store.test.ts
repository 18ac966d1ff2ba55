import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  createSpoolStore,
  type SpoolLimits,
} from '../../../../../services/api/intake/spool/store.ts'
import { openSpool } from '../../../../../shared/files/spool.ts'
import { makeFolder, type Ending } from '../../../../helpers/folder.ts'
import { fastPace, jpegLike } from '../../../../helpers/api/upload-app.ts'
import { waitFor } from '../../../../helpers/wait.ts'
import { repository } from '../../../../helpers/processes/processes.ts'

function makeStore(ending: Ending, limits: Partial<SpoolLimits> = {}) {
  const spool = openSpool(makeFolder(ending))
  return {
    spool,
    store: createSpoolStore({ spool, limits: { minFreeBytes: 0, pace: fastPace, ...limits } }),
    inTmp: () => readdirSync(spool.tmp),
    inInputs: () => readdirSync(spool.inputs),
  }
}

const incoming = { name: 'page.jpg', maxBytes: 1_000_000 }

/** Yields pieces without end, and counts them. */
function endless(ending: Ending, first: Buffer) {
  let pieces = 0
  const stream = new Readable({
    read() {
      const isFirst = pieces === 0
      setImmediate(() => this.push(isFirst ? first : Buffer.alloc(10_000)))
      pieces += 1
    },
  })
  ending.after(() => stream.destroy())
  return { stream, pieces: () => pieces }
}

test('a file is in tmp until it is kept, and then in inputs under its hash', async (t) => {
  const { spool, store, inTmp, inInputs } = makeStore(t)
  const page = jpegLike(300_000, 7)
  const sha256 = hash('sha256', page)
  const pieces = [page.subarray(0, 1), page.subarray(1, 5_000), page.subarray(5_000)]
  const received = await store.receive(Readable.from(pieces), incoming)
  const { name, bytes, mediaType } = received
  assert.deepEqual(
    [name, bytes, mediaType, received.sha256],
    ['page.jpg', 300_000, 'image/jpeg', sha256],
  )
  const [draft = ''] = inTmp()
  assert.equal(statSync(join(spool.tmp, draft)).mode & 0o777, 0o600)
  assert.deepEqual(inInputs(), [])

  await received.keep()
  assert.deepEqual([inTmp(), inInputs()], [[], [sha256]])
  assert.deepEqual(readFileSync(join(spool.inputs, sha256)), page)
  await received.drop()
  assert.deepEqual(inInputs(), [sha256], 'a kept file is not dropped')
})

test('concurrent uploads of the same bytes give one complete file', async (t) => {
  const { spool, store, inTmp, inInputs } = makeStore(t)
  const page = jpegLike(50_000)
  const sha256 = hash('sha256', page)
  // A crash of the machine may have left this under that name.
  writeFileSync(join(spool.inputs, sha256), 'half of it')
  const all = Array.from({ length: 20 }, async () => {
    const received = await store.receive(Readable.from([page]), incoming)
    await received.keep()
  })
  await Promise.all(all)
  assert.deepEqual([inTmp(), inInputs()], [[], [sha256]])
  assert.deepEqual(readFileSync(join(spool.inputs, sha256)), page)
})

test('a dropped file is deleted', async (t) => {
  const { store, inTmp, inInputs } = makeStore(t)
  const received = await store.receive(Readable.from([jpegLike(100)]), incoming)
  await received.drop()
  await received.drop()
  assert.deepEqual([inTmp(), inInputs()], [[], []])
})

test('a file of exactly the size limit is accepted', async (t) => {
  const { store, inTmp } = makeStore(t)
  const receive = (bytes: number) =>
    store.receive(Readable.from([jpegLike(bytes)]), { name: 'a', maxBytes: 5_000 })
  await (await receive(5_000)).drop()
  await assert.rejects(receive(5_001), {
    code: 'upload_too_large',
    message: 'is larger than SCRIPTORIUM_MAX_FILE_BYTES=5000 bytes',
  })
  await assert.rejects(store.receive(Readable.from([]), incoming), { code: 'empty_file' })
  assert.deepEqual(inTmp(), [])
})

test('a rejection is thrown as soon as it is known, and leaves the stream to the caller', async (t) => {
  const { store, inTmp } = makeStore(t)
  const cases: [first: Buffer, code: string][] = [
    [Buffer.from('PK\x03\x04 an archive'), 'unsupported_type'],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'unsupported_type'],
    [jpegLike(5_000), 'upload_too_large'],
  ]
  for (const [first, code] of cases) {
    const { stream, pieces } = endless(t, first)
    await assert.rejects(store.receive(stream, incoming), { code })
    assert.deepEqual(inTmp(), [])
    assert.ok(!stream.destroyed && stream.isPaused())
    const before = pieces()
    stream.resume()
    await waitFor('the stream going on', () => pieces() > before + 10)
  }
})

test('a stream faster than the disk is throttled', async (t) => {
  const { store } = makeStore(t)
  let pieces = 0
  const stream = new Readable({
    read() {
      pieces += 1
      this.push(pieces > 3_000 ? null : jpegLike(10_000))
    },
  })
  const receiving = store.receive(stream, { name: 'a', maxBytes: Infinity })
  let most = 0
  while (!stream.readableEnded) {
    const before = pieces
    await turn()
    most = Math.max(most, pieces - before)
  }
  assert.equal((await receiving).bytes, 30_000_000)
  assert.ok(most < 100, `${most} pieces were read in one turn: more than the buffers hold`)
})

const started = (): PassThrough => {
  const stream = new PassThrough()
  stream.write(jpegLike(50_000))
  return stream
}

test('an early end throws its reason and leaves nothing', async (t) => {
  const { store, inTmp } = makeStore(t, { pace: { minBytesPerSecond: 1_024, windowMs: 120 } })
  const gone = Object.assign(new Error('gone'), { code: 'ECONNRESET' })
  const inTime = (): Promise<true> => waitFor('a file in tmp', () => inTmp().length === 1)

  const broken = started()
  const first = assert.rejects(store.receive(broken, incoming), gone)
  await inTime()
  broken.destroy(gone)
  await first
  await assert.rejects(store.receive(broken, incoming), gone, 'broken before')

  const closed = started()
  const second = assert.rejects(store.receive(closed, incoming), {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  })
  await inTime()
  closed.destroy()
  await second

  const cut = new AbortController()
  const { signal } = cut
  const third = assert.rejects(store.receive(started(), { ...incoming, signal }), /enough/)
  await inTime()
  cut.abort(new Error('enough'))
  await third
  await assert.rejects(store.receive(started(), { ...incoming, signal }), /enough/, 'cut before')

  await assert.rejects(store.receive(started(), incoming), { code: 'upload_too_slow' })
  assert.deepEqual(inTmp(), [])
})

test('nothing is accepted below the minimum of free space', async (t) => {
  const { store, inTmp } = makeStore(t, { minFreeBytes: 2 ** 60 })
  const { stream, pieces } = endless(t, jpegLike(5_000))
  await assert.rejects(store.receive(stream, incoming), {
    code: 'disk_full',
    message: /SCRIPTORIUM_DATA/,
  })
  assert.equal(pieces(), 0)
  assert.deepEqual(inTmp(), [])
})

const script = join(repository, 'test/fixtures/processes/full-disk.ts')

test('a disk that fills up during an upload gives disk_full, and the draft is deleted', (t) => {
  const folder = makeFolder(t)
  // A disk of a megabyte, visible to this process only and unmounted with it.
  const mounted = `mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"`
  const command = ['-rm', 'sh', '-c', mounted, folder]
  try {
    execFileSync('unshare', [...command, 'true'], { stdio: 'ignore' })
  } catch {
    return t.skip('a small disk cannot be mounted here')
  }
  const output = execFileSync('unshare', [...command, process.execPath, script, folder])
  assert.deepEqual(JSON.parse(output.toString()), { code: 'disk_full', inTmp: [] })
})

test('drafts of a killed process are swept, active uploads are not', async (t) => {
  const { spool, store, inTmp } = makeStore(t)
  const hourMs = 3_600_000
  const age = (name: string, ms: number): void => {
    const then = new Date(Date.now() - ms)
    utimesSync(join(spool.tmp, name), then, then)
  }
  const received = await store.receive(Readable.from([jpegLike(100)]), incoming)
  const [own = ''] = inTmp()
  age(own, 2 * hourMs)
  for (const [name, ms] of Object.entries({ left: 2 * hourMs, young: hourMs / 2 })) {
    writeFileSync(join(spool.tmp, name), 'x')
    age(name, ms)
  }
  assert.equal(await store.sweep(hourMs), 1)
  assert.deepEqual(inTmp().toSorted(), [own, 'young'].toSorted())
  await received.drop()
})
