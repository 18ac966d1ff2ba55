import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import type { Problem } from '../../../services/api/schemas/common.ts'
import { startApi } from '../../helpers/api/api.ts'

const api = await startApi({ after })

test('an unknown route is 404', async () => {
  for (const url of [
    '/index.html',
    '/v1',
    '/v1/',
    '/v1/document',
    '/v1/runs/r1/pages',
    '/V1/documents',
  ]) {
    await api.refused(404, 'unknown_route', 'GET', url)
  }
})

test('another method of a known path is 405 with an Allow header', async () => {
  const cases = [
    ['PATCH', '/v1/documents', ['GET', 'HEAD', 'POST']],
    ['PUT', '/v1/documents/d1', ['DELETE', 'GET', 'HEAD']],
    ['GET', '/v1/documents/d1/cancel', ['POST']],
    ['DELETE', '/v1/runs/r1', ['GET', 'HEAD']],
    ['POST', '/v1/queue', ['GET', 'HEAD', 'PUT']],
    ['POST', '/livez', ['GET', 'HEAD']],
    ['OPTIONS', '/v1/search', ['GET', 'HEAD']],
  ] as const
  for (const [method, url, methods] of cases) {
    const { headers } = await api.refused(405, 'method_not_allowed', method, url)
    assert.deepEqual(headers['allow']?.split(', ').toSorted(), methods, `${method} ${url}`)
  }
})

test('a malformed path is rejected as a problem', async () => {
  await api.refused(400, 'malformed_request', 'GET', '/v1/documents/%E0%A4%A')
  await api.refused(400, 'malformed_request', 'GET', '/%')
  const { status } = await api.call<Problem>('GET', `/v1/documents/${'d'.repeat(101)}`)
  assert.ok([400, 404].includes(status), String(status))
})

test('a request id is kept if it is safe for logs, and generated otherwise', async () => {
  const idOf = async (given?: string): Promise<string> => {
    const headers = given === undefined ? {} : { 'x-request-id': given }
    return (await api.call('GET', '/v1/documents', { headers })).headers['x-request-id'] ?? ''
  }
  assert.equal(await idOf('scan-42:a.b_c'), 'scan-42:a.b_c')
  const made = /^[0-9a-f]{8}-[0-9a-f-]{27}$/
  for (const unfit of [undefined, 'a b', 'x'.repeat(101), '{"a":1}', 'ä']) {
    assert.match(await idOf(unfit), made)
  }
  const refused = await api.refused(404, 'unknown_document', 'GET', '/v1/documents/d1', {
    headers: { 'x-request-id': 'mine' },
  })
  assert.equal(refused.body.requestId, 'mine')
})

test('a body is rejected on a route without one', async () => {
  const json = { 'content-type': 'application/json' }
  await api.refused(400, 'malformed_request', 'POST', '/v1/runs', { body: '{', headers: json })
  await api.refused(400, 'malformed_request', 'POST', '/v1/runs', {
    body: '{"__proto__":{"a":1},"root":"scans"}',
    headers: json,
  })
  await api.refused(422, 'invalid_request', 'POST', '/v1/runs', { body: [] })
  await api.refused(422, 'invalid_request', 'POST', '/v1/runs')
  await api.refused(415, 'unsupported_media_type', 'POST', '/v1/runs', {
    body: '<run/>',
    headers: { 'content-type': 'text/xml' },
  })
})

test('an unforeseen error is 500 without details', async (t) => {
  const own = await startApi(t)
  own.context.queue.depth = () => Promise.reject(new Error(`cannot read ${own.folder}/secret`))
  const { body } = await own.refused(500, 'internal', 'GET', '/v1/queue')
  assert.equal(body.detail, 'Unexpected error; the log has the details.')
})

test('a malformed stored record is a server error, not a client error', async (t) => {
  const own = await startApi(t)
  const { redis, keys } = own.context
  await redis.set(keys.aggregator, '{"pid":"no number"}')
  await own.refused(500, 'internal', 'GET', '/v1/queue')
})

test('a request that is not HTTP gets a problem before the connection closes', async (t) => {
  const own = await startApi(t)
  await own.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = own.app.server.address() as AddressInfo
  const answerTo = async (sent: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(sent)
    return text(socket)
  }
  const large = `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`
  for (const sent of ['nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', large]) {
    const [head = '', body = ''] = (await answerTo(sent)).split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 400 /)
    assert.match(head, /^content-type: application\/problem\+json/im)
    const problem = JSON.parse(body) as Problem
    assert.equal(problem.code, 'malformed_request')
    assert.ok(head.includes(`x-request-id: ${problem.requestId}`))
  }
})
