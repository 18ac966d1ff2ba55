import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createDownload } from '../../../../../workers/ocr/open/blobs/download.ts'

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
const request = {
  jobId: 'j1',
  blob: 'token',
  root: '/scans',
  path: 'a.pdf',
  follow: false,
  stat: '1-2-3',
  maxBytes: 1e6,
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that gives these answers, one after the other, and the last one for ever. */
async function setUp(t: TestContext, ...answers: Answer[]) {
  const requests: IncomingMessage['headers'][] = []
  const server = createServer((given, response) => {
    requests.push(given.headers)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    answer?.(given, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close().closeAllConnections())
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { download: createDownload({ apiUrl, silenceMs: 500 }), requests, server, apiUrl }
}

const headers = {
  'content-length': bytes.length,
  etag: '"1"',
  'repr-digest': `sha-256=:${hash('sha256', bytes, 'base64')}:`,
}
const whole: Answer = (_, response) => response.writeHead(200, headers).end(bytes)
/** Breaks the connection after this many bytes. */
const cutAt =
  (count: number): Answer =>
  (_, response) => {
    response.writeHead(200, headers).write(bytes.subarray(0, count), () => {
      setTimeout(() => response.destroy(), 20)
    })
  }
const restOf: Answer = ({ headers: { range } }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1])
  const place = `bytes ${from}-${bytes.length - 1}/${bytes.length}`
  response.writeHead(206, { 'content-range': place, 'content-length': bytes.length - from })
  response.end(bytes.subarray(from))
}
const problem =
  (status: number, code: string, type = 'application/problem+json'): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify({ code, detail: 'so' }))

test('a file arrives whole, with the token of its job', async (t) => {
  const { download, requests } = await setUp(t, whole)
  const source = await download(request)
  assert.ok(source.bytes.equals(bytes))
  assert.equal(source.sha256, hash('sha256', bytes))
  assert.equal(requests[0]?.authorization, 'Bearer token')
})

test('a connection that breaks is continued where it broke', async (t) => {
  const { download, requests } = await setUp(t, cutAt(100_000), restOf)
  assert.ok((await download(request)).bytes.equals(bytes))
  assert.deepEqual(
    requests.map(({ range, 'if-range': version }) => [range, version]),
    [
      [undefined, undefined],
      ['bytes=100000-', '"1"'],
    ],
  )
})

test('a file of another version begins again', async (t) => {
  const { download } = await setUp(t, cutAt(100_000), whole)
  assert.ok((await download(request)).bytes.equals(bytes))
})

test('a connection that brings something each time is continued however often it breaks', async (t) => {
  const cutRest: Answer = (given, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(given.headers.range ?? '')?.[1])
    const place = `bytes ${from}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(206, { 'content-range': place, 'content-length': bytes.length - from })
    response.write(bytes.subarray(from, from + 50_000), () => {
      setTimeout(() => response.destroy(), 20)
    })
  }
  const { download } = await setUp(t, cutAt(50_000), cutRest, cutRest, cutRest, restOf)
  assert.ok((await download(request)).bytes.equals(bytes))
})

test('a file that arrives damaged is asked for again, and never used', async (t) => {
  const damaged: Answer = (_, response) =>
    response.writeHead(200, headers).end(Buffer.alloc(bytes.length))
  const { download } = await setUp(t, damaged, whole)
  assert.ok((await download(request)).bytes.equals(bytes))
  const always = await setUp(t, damaged)
  await assert.rejects(always.download(request), {
    code: 'blob_unavailable',
    message: /arrived damaged/,
  })
  assert.equal(always.requests.length, 3)
})

test('an API that is away, silent, busy or not ours blames no file', async (t) => {
  const page: Answer = (_, response) =>
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>not found</h1>')
  for (const answer of [
    page,
    (() => undefined) as Answer,
    problem(503, 'draining'),
    problem(404, 'unknown_route'),
    problem(404, 'not_found', 'application/json'),
    ((_, response) => response.writeHead(302, { location: '/login' }).end()) as Answer,
    ((_, response) => response.end('a portal of the network')) as Answer,
  ]) {
    const { download } = await setUp(t, answer)
    await assert.rejects(download(request), { code: 'blob_unavailable' })
  }
  const { download, server } = await setUp(t, whole)
  server.close()
  await assert.rejects(download(request), { code: 'blob_unavailable', message: /ECONNREFUSED/ })
})

test('a refusal of the file and a refusal of the token are different errors', async (t) => {
  for (const [status, code, thrown] of [
    [404, 'not_found', 'not_found'],
    [409, 'unstable', 'unstable'],
    [401, 'unauthenticated', 'blob_refused'],
    [410, 'expired', 'expired'],
  ] as const) {
    const { download, requests } = await setUp(t, problem(status, code))
    await assert.rejects(download(request), { code: thrown, message: 'so' })
    assert.equal(requests.length, 1)
  }
})

test('a file above the limit is not downloaded', async (t) => {
  const { download } = await setUp(t, whole)
  await assert.rejects(download({ ...request, maxBytes: 1_000 }), { code: 'too_large' })
})
