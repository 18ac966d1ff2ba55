import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  answerOn,
  jpegLike,
  startUploadApp,
  type Answer,
} from '../../../../helpers/api/upload-app.ts'
import { waitFor } from '../../../../helpers/wait.ts'

const boundary = 'x-y-z'
const multipartType = { 'content-type': `multipart/form-data; boundary=${boundary}` }

/** A part as it goes over the wire. */
const part = (disposition: string, body: Buffer | string, type = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${type === '' ? '' : `content-type: ${type}\r\n`}\r\n`,
    ),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
const filePart = (name: string, body: Buffer): Buffer =>
  part(`name="files"; filename="${name}"`, body)
const end = Buffer.from(`--${boundary}--\r\n`)
const whole = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, end])

const names = ({ body }: Answer): string[] => (body.received ?? []).map(({ name }) => name)

test('every file of a form is in the spool under its hash, and the options are parsed', async (t) => {
  const app = await startUploadApp(t)
  const pages = [jpegLike(300_000, 1), jpegLike(20, 2), jpegLike(4_100, 3), jpegLike(4_101, 4)]
  for (const where of ['before', 'after']) {
    const form = new FormData()
    if (where === 'before') form.append('options', '{"tag":"a"}')
    for (const [index, page] of pages.entries()) {
      form.append(index === 0 ? 'file' : 'files', new Blob([new Uint8Array(page)]), `${index}.jpg`)
    }
    if (where === 'after') form.append('options', '{"tag":"a"}')
    const { status, body } = await app.send(form)
    assert.equal(status, 200, body.message)
    assert.deepEqual(body.options, { tag: 'a' })
    assert.deepEqual(
      body.received?.map(({ name, sha256, bytes, mediaType }) => [name, sha256, bytes, mediaType]),
      pages.map((page, index) => [`${index}.jpg`, hash('sha256', page), page.length, 'image/jpeg']),
    )
  }
  for (const page of pages) {
    assert.deepEqual(readFileSync(join(app.spool.inputs, hash('sha256', page))), page)
  }
  assert.equal(readdirSync(app.spool.inputs).length, pages.length)
  await app.tmpIsEmpty()
})

test('many files of one request are accepted', async (t) => {
  const app = await startUploadApp(t)
  const parts = Array.from({ length: 100 }, (_, index) =>
    filePart(`${index}.jpg`, jpegLike(1_000 + index)),
  )
  const { body } = await app.send(whole(...parts), multipartType)
  assert.equal(body.received?.length, 100)
  await app.tmpIsEmpty()
})

test('bad files among good ones are rejected with their reason, and the good ones are accepted', async (t) => {
  const app = await startUploadApp(t, { maxFileBytes: 200_000 })
  const answer = await app.send(
    whole(
      filePart('empty.jpg', Buffer.alloc(0)),
      filePart('a.jpg', jpegLike(200_000)),
      filePart('letter.svg', Buffer.from('<svg>'.padEnd(500_000, ' '))),
      filePart('b.jpg', jpegLike(100)),
      filePart('big.jpg', jpegLike(5_000_000)),
      filePart('c.jpg', jpegLike(101)),
      filePart('words.jpg', Buffer.from('Dear Sir or Madam')),
    ),
    multipartType,
  )
  assert.deepEqual(names(answer), ['a.jpg', 'b.jpg', 'c.jpg'])
  assert.deepEqual(answer.body.rejected, [
    { name: 'empty.jpg', code: 'empty_file', message: 'has 0 bytes' },
    {
      name: 'letter.svg',
      code: 'unsupported_type',
      message: 'is an SVG drawing (image/svg+xml), which is not read; export it as PNG or PDF',
    },
    {
      name: 'big.jpg',
      code: 'upload_too_large',
      message: 'is larger than SCRIPTORIUM_MAX_FILE_BYTES=200000 bytes',
    },
    {
      name: 'words.jpg',
      code: 'unsupported_type',
      message:
        'is not an image or a PDF; JPEG, PNG, TIFF, WebP, GIF, AVIF, BMP, PNM, JPEG 2000 and PDF are read',
    },
  ])
  assert.equal(readdirSync(app.spool.inputs).length, 3)
  await app.tmpIsEmpty()
})

test('options can be sent as text, as JSON, or as a JSON file', async (t) => {
  const app = await startUploadApp(t)
  const file = filePart('a.jpg', jpegLike(50))
  const forms: [string, string][] = [
    ['name="options"', ''],
    ['name="options"', 'application/json'],
    ['name="options"; filename="blob"', 'application/json'],
    ['name="options"; filename="o.json"', 'application/octet-stream'],
  ]
  for (const [disposition, type] of forms) {
    const options = part(disposition, '{"psm":6}', type)
    const { body } = await app.send(whole(options, file), multipartType)
    assert.deepEqual(body.options, { psm: 6 }, `${disposition} ${type}`)
  }
  const text = part('name="options"', '"6"', 'application/json')
  assert.equal(
    (await app.send(whole(text, file), multipartType)).body.options,
    '6',
    'not read twice',
  )
})

test('an invalid form is rejected as a whole, and the reason names the field', async (t) => {
  const app = await startUploadApp(t, { maxFiles: 3 })
  const good = filePart('a.jpg', jpegLike(50_000))
  const options = (text: string, type = ''): Buffer => part('name="options"', text, type)
  const cases: [what: string, body: Buffer, code: string, message: RegExp][] = [
    ['field', whole(good, part('name="image"', 'x')), 'invalid_request', /"image".*files, file/],
    ['file', whole(good, part('name="scan"; filename="s"', 'x')), 'invalid_request', /"scan"/],
    ['long', whole(good, part(`name="${'n'.repeat(5_000)}"`, 'x')), 'invalid_request', /"n{100}"/],
    ['nameless', whole(good, part('filename="s"', 'x')), 'invalid_request', /without a name/],
    ['proto', whole(good, part('name="constructor"', 'x')), 'invalid_request', /not allowed/],
    ['no files', whole(options('{}')), 'invalid_request', /has no file.*files/],
    ['nothing', Buffer.alloc(0), 'invalid_request', /has no file/],
    [
      'options twice',
      whole(options('{}'), good, options('{}')),
      'invalid_request',
      /more than one part named options/,
    ],
    ['huge options', whole(good, options('7'.repeat(2_000_000))), 'invalid_request', /65536 bytes/],
    [
      'huge JSON',
      whole(good, options('7'.repeat(70_000), 'application/json')),
      'malformed_request',
      /65536/,
    ],
    ['no JSON', whole(good, options('{')), 'malformed_request', /options must be JSON/],
    [
      'no JSON, typed',
      whole(good, options('{', 'application/json')),
      'malformed_request',
      /must be JSON/,
    ],
    ['__proto__', whole(good, options('{"__proto__":{}}')), 'malformed_request', /__proto__/],
    ['four files', whole(good, good, good, good), 'upload_too_large', /SCRIPTORIUM_MAX_FILES=3/],
    ['cut in a file', good.subarray(0, -100), 'malformed_request', /is malformed/],
    [
      'cut in a header',
      Buffer.concat([good, good.subarray(0, 40)]),
      'malformed_request',
      /is malformed/,
    ],
    ['no end', good, 'malformed_request', /is malformed/],
    ['not multipart at all', Buffer.from('hello'), 'malformed_request', /is malformed/],
  ]
  for (const [what, body, code, message] of cases) {
    const answer = await app.send(body, multipartType)
    assert.equal(answer.body.code, code, `${what}: ${answer.body.message}`)
    assert.match(answer.body.message ?? '', message, what)
    await app.tmpIsEmpty()
  }
  const answer = await app.send(whole(good), { 'content-type': 'multipart/form-data' })
  assert.equal(answer.body.code, 'malformed_request', 'no boundary')
  assert.deepEqual(readdirSync(app.spool.inputs), [])
  assert.equal((await app.send(whole(good), multipartType)).status, 200)
})

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
