import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { UploadLimits } from '../../../../../services/api/intake/uploads/uploads.ts'
import {
  answerOn,
  jpegLike,
  startUploadApp,
  type Answer,
} from '../../../../helpers/api/upload-app.ts'
import { waitFor } from '../../../../helpers/wait.ts'

const jpeg = { 'content-type': 'image/jpeg' }

test('an image body is one file, whatever image type it declares', async (t) => {
  const app = await startUploadApp(t)
  for (const type of ['image/jpeg', 'image/png', 'application/octet-stream', 'application/pdf']) {
    const page = jpegLike(100_000, type.length)
    const { status, body } = await app.send(page, { 'content-type': type })
    assert.equal(status, 200, body.message)
    const [{ sha256, bytes, mediaType, name } = {}] = body.received ?? []
    assert.deepEqual(
      [sha256, bytes, mediaType, name],
      [hash('sha256', page), 100_000, 'image/jpeg', 'upload'],
    )
    assert.deepEqual(readFileSync(join(app.spool.inputs, hash('sha256', page))), page)
  }
  await app.tmpIsEmpty()
})

test('the file name comes from Content-Disposition or from the query', async (t) => {
  const app = await startUploadApp(t)
  const cases: [disposition: string | undefined, path: string, name: string][] = [
    ['attachment; filename="a page.jpg"', '/?name=other.jpg', 'a page.jpg'],
    ['attachment; filename=page.jpg', '/', 'page.jpg'],
    ['attachment; filename="x"; filename*=UTF-8\'\'Br%C3%BCcke.jpg', '/', 'Brücke.jpg'],
    ['attachment; filename="x.jpg"; filename*=UTF-8\'\'%E9', '/', 'x.jpg'],
    [Buffer.from('inline; filename="Brücke.jpg"').toString('latin1'), '/', 'Brücke.jpg'],
    ['inline; filename="Br\u00fccke.jpg"', '/', 'Brücke.jpg'],
    ['inline; filename="a \\"b\\".jpg"', '/', 'a "b".jpg'],
    ["inline; filename*=UTF-8''%E9%A0%81.jpg; filename=page.jpg", '/', '頁.jpg'],
    ['inline; FileName = "a;b.jpg" ; size=3', '/', 'a;b.jpg'],
    ['inline; filename="not closed', '/?name=other.jpg', 'other.jpg'],
    ['inline; __proto__=x; filename=y.jpg', '/', 'y.jpg'],
    [undefined, '/?name=..%2F..%2Fetc%2Fpasswd', 'passwd'],
    [undefined, '/?name=a&name=b', 'upload'],
    ['attachment', '/', 'upload'],
  ]
  for (const [disposition, path, name] of cases) {
    const headers = disposition === undefined ? {} : { 'content-disposition': disposition }
    const { body } = await app.send(jpegLike(50), { ...jpeg, ...headers }, path)
    assert.equal(body.received?.[0]?.name, name, `${disposition} ${path}`)
  }
})

test('an unsuitable file is rejected with its reason, and leaves nothing', async (t) => {
  const app = await startUploadApp(t, { maxFileBytes: 100_000 })
  const cases: [body: Buffer, code: string][] = [
    [Buffer.alloc(0), 'empty_file'],
    [Buffer.from('PK\x03\x04'.padEnd(90_000)), 'unsupported_type'],
    [Buffer.from('hello'), 'unsupported_type'],
    [jpegLike(100_001), 'upload_too_large'],
  ]
  for (const [bytes, code] of cases) {
    const { body } = await app.send(bytes, jpeg, '/?name=a.jpg')
    assert.deepEqual(
      body.rejected?.map((file) => [file.name, file.code]),
      [['a.jpg', code]],
    )
    assert.deepEqual(body.received, [])
    await app.tmpIsEmpty()
  }
  assert.deepEqual(readdirSync(app.spool.inputs), [])
})

test('a file with too large a Content-Length is rejected before its body', async (t) => {
  const app = await startUploadApp(t, { maxFileBytes: 100_000 })
  const socket = await app.begin({ ...jpeg, 'content-length': 100_001 })
  const { body } = await answerOn(socket)
  assert.deepEqual(
    body.rejected?.map(({ code }) => code),
    ['upload_too_large'],
  )
})

test('a body without a length is rejected once it exceeds the limit', async (t) => {
  const bytes = jpegLike(120_000)
  const send = async (limits: Partial<UploadLimits>): Promise<Answer> => {
    const app = await startUploadApp(t, limits)
    const socket = await app.begin({ ...jpeg, 'transfer-encoding': 'chunked' })
    socket.write(`${bytes.length.toString(16)}\r\n`)
    socket.write(bytes)
    const answer = await answerOn(socket)
    await app.tmpIsEmpty()
    return answer
  }
  const ofFile = await send({ maxFileBytes: 100_000 })
  assert.equal(ofFile.status, 200)
  assert.match(ofFile.body.rejected?.[0]?.message ?? '', /SCRIPTORIUM_MAX_FILE_BYTES=100000/)
  const ofRequest = await send({ maxRequestBytes: 100_000 })
  assert.equal(ofRequest.status, 413)
  assert.match(ofRequest.body.message ?? '', /SCRIPTORIUM_MAX_REQUEST_BYTES=100000/)
})

test('a client that disconnects leaves nothing', async (t) => {
  const app = await startUploadApp(t)
  const socket = await app.begin({ ...jpeg, 'content-length': 1_000_000 })
  socket.write(jpegLike(100_000))
  await waitFor('a file in tmp', () => readdirSync(app.spool.tmp).length === 1)
  socket.destroy()
  await waitFor('the failed request', () => app.failures.length > 0)
  assert.deepEqual(app.failures, ['ECONNRESET'])
  await app.tmpIsEmpty()
})

test('a client that stalls gets 408', async (t) => {
  const pace = { minBytesPerSecond: 1_024, windowMs: 600 }
  const app = await startUploadApp(t, { pace, lingerMs: 100 })
  const socket = await app.begin({ ...jpeg, 'content-length': 1_000_000 })
  socket.write(jpegLike(5_000))
  assert.equal((await answerOn(socket)).status, 408)
  await waitFor('the cut', () => socket.closed)
  await app.tmpIsEmpty()
})
