import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jpegLike, startUploadApp, type Answer } from '../../../../helpers/api/upload-app.ts'
import { filePart, multipartType, part, whole } from './form-parts.ts'

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
