import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { answerOn, jpegLike, startUploadApp } from '../../../../helpers/api/upload-app.ts'
import { waitFor } from '../../../../helpers/wait.ts'
import { end, filePart, multipartType, part, whole } from './form-parts.ts'

test('a request with too large a Content-Length is rejected before its body', async (t) => {
  const app = await startUploadApp(t, { maxRequestBytes: 10_000 })
  const socket = await app.begin({ ...multipartType, 'content-length': 10_001 })
  const { status, body } = await answerOn(socket)
  assert.equal(status, 413)
  assert.match(body.message ?? '', /SCRIPTORIUM_MAX_REQUEST_BYTES=10000/)
})

const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

test('an endless request is answered while it is being sent, and then cut off', async (t) => {
  const app = await startUploadApp(t, { maxRequestBytes: 3_000_000, lingerMs: 300 })
  const beginnings = {
    'in a file': filePart('a.jpg', jpegLike(100)).subarray(0, -2),
    'in the preamble': Buffer.from('\r\n'),
    'after the end': whole(filePart('a.jpg', jpegLike(100))),
  }
  for (const [where, beginning] of Object.entries(beginnings)) {
    const socket = await app.begin({ ...multipartType, 'transfer-encoding': 'chunked' })
    const answer = answerOn(socket)
    socket.write(chunk(beginning))
    const more = chunk(Buffer.alloc(60_000))
    const pour = (): void => {
      while (socket.writable && socket.write(more));
    }
    socket.on('drain', pour)
    pour()
    const { status, body } = await answer
    assert.equal(status, 413, where)
    assert.match(body.message ?? '', /SCRIPTORIUM_MAX_REQUEST_BYTES=3000000/)
    socket.resume()
    await waitFor('the cut', () => socket.closed)
    await app.tmpIsEmpty()
  }
})

test('a client that is cut off receives its answer first', async (t) => {
  const app = await startUploadApp(t, { maxRequestBytes: 200_000, lingerMs: 1 })
  const socket = await app.begin({ ...multipartType, 'transfer-encoding': 'chunked' })
  const answer = answerOn(socket)
  for (const name of ['a', 'b', 'c']) socket.write(chunk(filePart(name, jpegLike(60_000))))
  socket.write(chunk(filePart('d', jpegLike(60_000)).subarray(0, -2)))
  assert.equal((await answer).status, 413)
  await app.tmpIsEmpty()
})

test('a client that disconnects leaves nothing, also of its earlier files', async (t) => {
  const app = await startUploadApp(t)
  const socket = await app.begin({ ...multipartType, 'content-length': 1_000_000 })
  socket.write(filePart('a.jpg', jpegLike(100_000)))
  socket.write(filePart('b.jpg', jpegLike(100_000)).subarray(0, 50_000))
  await waitFor('two files in tmp', () => readdirSync(app.spool.tmp).length === 2)
  socket.destroy()
  await waitFor('the failed request', () => app.failures.length > 0)
  assert.deepEqual(app.failures, ['ECONNRESET'])
  await app.tmpIsEmpty()
  assert.deepEqual(readdirSync(app.spool.inputs), [])
})

test('a client that disconnected before its body was read is not waited for', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const app = await startUploadApp(t, {}, async ({ raw }) => {
    arrived.resolve()
    await waitFor('its going', () => raw.destroyed)
  })
  const socket = await app.begin({ ...multipartType, 'content-length': 1_000_000 })
  socket.write(filePart('a.jpg', jpegLike(1_000)))
  await arrived.promise
  socket.destroy()
  await waitFor('the failed request', () => app.failures.length > 0)
  assert.deepEqual(app.failures, ['ECONNRESET'])
  await app.tmpIsEmpty()
})

test('a client that stalls or trickles gets 408 and leaves nothing, at any point', async (t) => {
  const pace = { minBytesPerSecond: 1_024, windowMs: 600 }
  const app = await startUploadApp(t, { pace, lingerMs: 100 })
  const good = filePart('a.jpg', jpegLike(10_000))
  const stops = {
    'in a file': good.subarray(0, 5_000),
    'between two': good,
    'in a header': good.subarray(0, 20),
    'before anything': Buffer.alloc(0),
  }
  for (const [where, sent] of Object.entries(stops)) {
    const socket = await app.begin({ ...multipartType, 'content-length': 1_000_000 })
    const answer = answerOn(socket)
    socket.write(sent)
    const trickle = setInterval(() => socket.write('-'), 20)
    const { status, body } = await answer.finally(() => clearInterval(trickle))
    assert.equal(status, 408, where)
    assert.match(body.message ?? '', /slower than 1024 bytes per second over 0.6 seconds/)
    socket.resume()
    await waitFor('the cut', () => socket.closed)
    await app.tmpIsEmpty()
  }
})

test('a slow client above the minimum rate is served', async (t) => {
  const app = await startUploadApp(t, { pace: { minBytesPerSecond: 1_024, windowMs: 600 } })
  const body = whole(filePart('a.jpg', jpegLike(10_000)))
  const socket = await app.begin({ ...multipartType, 'content-length': body.length })
  let sent = 0
  const drip = setInterval(() => {
    socket.write(body.subarray(sent, sent + 200))
    sent += 200
    if (sent >= body.length) clearInterval(drip)
  }, 40)
  t.after(() => clearInterval(drip))
  assert.equal((await answerOn(socket)).status, 200)
})

test('after a rejection the connection serves the next request', async (t) => {
  const app = await startUploadApp(t)
  const bad = whole(part('name="nonsense"', Buffer.alloc(3_000_000)))
  const good = whole(filePart('a.jpg', jpegLike(100)))
  const socket = await app.begin({ ...multipartType, 'content-length': bad.length })
  socket.write(bad)
  assert.equal((await answerOn(socket)).status, 422)
  const { 'content-type': type } = multipartType
  socket.write(
    `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${good.length}\r\n\r\n`,
  )
  socket.write(good)
  assert.equal((await answerOn(socket)).status, 200)
})

test('memory stays flat for files of any size', async (t) => {
  const app = await startUploadApp(t)
  const upload = async (megabytes: number): Promise<void> => {
    const beginning = filePart('a.jpg', jpegLike(100)).subarray(0, -2)
    const ending = Buffer.concat([Buffer.from('\r\n'), end])
    const block = Buffer.alloc(2 ** 20)
    const length = beginning.length + megabytes * block.length + ending.length
    const socket = await app.begin({ ...multipartType, 'content-length': length })
    socket.write(beginning)
    for (let sent = 0; sent < megabytes; sent += 1) {
      if (!socket.write(block)) await once(socket, 'drain')
    }
    socket.write(ending)
    const { status, body } = await answerOn(socket)
    assert.equal(status, 200, body.message)
    assert.equal(body.received?.[0]?.bytes, 100 + megabytes * block.length)
  }
  await upload(30)
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 10)
  await upload(200)
  clearInterval(watch)
  const grown = Math.round((peak - before) / 2 ** 20)
  t.diagnostic(`grew by ${grown} MiB`)
  assert.ok(grown <= 40, `grew by ${grown} MiB`)
})
