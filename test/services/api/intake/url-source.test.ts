import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { createOutbound } from '../../../../services/outbound/outbound.ts'
import { openUrlSource } from '../../../../services/api/intake/url-source.ts'
import { startReceiver, type Seen } from '../../../helpers/api/receiver.ts'
import { waitFor } from '../../../helpers/wait.ts'

const limits = { maxBytes: 1_000, timeoutMs: 60_000 }

/** A server, and a function that fetches one of its paths. */
async function setUp(t: TestContext, answer: (response: ServerResponse, seen: Seen) => unknown) {
  const server = await startReceiver(t, answer)
  const outbound = createOutbound({ allow: ['127.0.0.1/32'] })
  t.after(() => outbound.close())
  const fetch = (path = '/', given = limits) => openUrlSource(outbound, server.url + path, given)
  return { server, fetch }
}

test('a file is returned with its bytes, name and declared type', async (t) => {
  const bytes = Buffer.from([0xff, 0xd8, 0, 1])
  const { server, fetch } = await setUp(t, (response) =>
    response.writeHead(200, { 'content-type': 'Image/JPEG; q=1' }).end(bytes),
  )
  const { stream, name, declaredType } = await fetch('/scans/page%201.jpg?token=secret')
  assert.deepEqual([name, declaredType], ['page 1.jpg', 'image/jpeg'])
  assert.deepEqual(await buffer(stream), bytes)
  assert.equal(server.seen[0]?.headers['accept-encoding'], 'identity')
})

test('the name is normalised, and the server can override it', async (t) => {
  const { fetch } = await setUp(t, (response, { path }) => {
    const given = new URL(path, 'http://x').searchParams.get('name')
    return response.writeHead(200, given === null ? {} : { 'content-disposition': given }).end()
  })
  const cases: [path: string, name: string][] = [
    ['/', 'upload'],
    ['/a/b/', 'upload'],
    ['/a%2F..%2Fb.png', 'b.png'],
    ['/..%5cc%00.png', 'c.png'],
    ['/%ff.png', '%ff.png'],
    [`/x?name=${encodeURIComponent('attachment; filename="../y.tif"')}`, 'y.tif'],
    [`/x?name=${encodeURIComponent("inline; filename*=utf-8''gr%C3%B6%C3%9Fe.tif")}`, 'größe.tif'],
  ]
  for (const [path, expected] of cases) {
    const { name, declaredType } = await fetch(path)
    assert.deepEqual([name, declaredType], [expected, undefined], path)
  }
})

test('a file with too large a Content-Length is not fetched', async (t) => {
  const { server, fetch } = await setUp(t, (response) =>
    response.writeHead(200, { 'content-length': 1_001 }).write('x'),
  )
  await assert.rejects(fetch(), {
    code: 'upload_too_large',
    message: 'the file at 127.0.0.1 has 1001 bytes, more than the limit of 1000',
  })
  await waitFor('the connection is closed', () => server.connections.open === 0)
  const { stream } = await fetch('/', { ...limits, maxBytes: 1_001 })
  stream.destroy()
})

test('an answer other than the file is an error', async (t) => {
  const { server, fetch } = await setUp(t, (response, { path }) => {
    if (path !== '/gzip') return response.writeHead(Number(path.slice(1))).write('<html>')
    return response.writeHead(200, { 'content-encoding': 'gzip' }).end()
  })
  for (const status of [400, 404, 500]) {
    const message = `127.0.0.1 responded with status ${status}`
    await assert.rejects(fetch(`/${status}`), { code: 'url_failed', message })
  }
  await assert.rejects(fetch('/gzip'), {
    code: 'url_failed',
    message: /encoding that was not requested/,
  })
  await waitFor('only the one that ended is kept', () => server.connections.open <= 1)
})

test('three redirects are followed, a fourth is not, and none to a forbidden address', async (t) => {
  const { fetch } = await setUp(t, (response, { path }) => {
    const left = path.slice(1)
    if (left === '0') return response.end('file')
    const location = left === 'inside' ? 'http://169.254.169.254/' : `/${Number(left) - 1}`
    return response.writeHead(301, { location }).end()
  })
  const { stream, name } = await fetch('/3')
  assert.equal(name, '3', 'it has the requested name')
  assert.equal(String(await buffer(stream)), 'file')
  await assert.rejects(fetch('/4'), { code: 'url_failed' })
  await assert.rejects(fetch('/inside'), { code: 'url_refused' })
})

test('a file that times out fails during its reading', async (t) => {
  const { fetch } = await setUp(t, (response) => response.write('x'))
  const { stream } = await fetch('/', { ...limits, timeoutMs: 300 })
  await assert.rejects(buffer(stream), { code: 'url_failed', message: /in time$/ })
})
