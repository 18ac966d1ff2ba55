import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { scopes, type Scope } from '../../../services/api/http/auth.ts'
import { formOf, startApi } from '../../helpers/api/api.ts'
import { pngOf } from '../../helpers/pages/pages.ts'

const secretOf = (name: string): string => `secret of ${name}`.replaceAll(' ', '-')
const entryOf = (name: string, granted: string): string =>
  `${name}:${granted}:${createHash('sha256').update(secretOf(name)).digest('hex')}`
const entries = [...scopes.map((scope) => entryOf(scope, scope)), entryOf('both', 'submit+read')]
const api = await startApi({ after }, { SCRIPTORIUM_TOKENS: entries.join(', ') })

type Method = InjectOptions['method'] & string
const routes: [method: Method, url: string, scope: Scope][] = [
  ['POST', '/v1/documents', 'submit'],
  ['GET', '/v1/documents', 'read'],
  ['GET', '/v1/documents/d1', 'read'],
  ['GET', '/v1/documents/d1/result', 'read'],
  ['GET', '/v1/documents/d1/events', 'read'],
  ['POST', '/v1/documents/d1/cancel', 'submit'],
  ['POST', '/v1/documents/d1/retry', 'submit'],
  ['DELETE', '/v1/documents/d1', 'submit'],
  ['POST', '/v1/documents/check', 'read'],
  ['POST', '/v1/runs', 'submit'],
  ['GET', '/v1/runs', 'read'],
  ['GET', '/v1/runs/r1', 'read'],
  ['GET', '/v1/runs/r1/documents', 'read'],
  ['GET', '/v1/runs/r1/results', 'read'],
  ['GET', '/v1/runs/r1/report', 'read'],
  ['GET', '/v1/runs/r1/events', 'read'],
  ['POST', '/v1/runs/r1/cancel', 'submit'],
  ['POST', '/v1/runs/r1/resume', 'submit'],
  ['GET', '/v1/roots', 'submit'],
  ['POST', '/v1/runs/r1/retry-failed', 'submit'],
  ['POST', '/v1/runs/r1/retry-warned', 'submit'],
  ['GET', '/v1/search?q=a', 'read'],
  ['GET', '/v1/languages', 'read'],
  ['GET', '/v1/workers', 'read'],
  ['GET', '/v1/queue', 'read'],
  ['PUT', '/v1/queue', 'admin'],
  ['GET', '/v1/tokens', 'admin'],
  ['POST', '/v1/webhooks', 'admin'],
  ['GET', '/v1/webhooks', 'admin'],
  ['DELETE', '/v1/webhooks/w1', 'admin'],
  ['GET', '/v1/webhooks/w1/deliveries', 'admin'],
  ['POST', '/v1/webhooks/w1/redeliver', 'admin'],
  ['GET', '/metrics', 'read'],
]
const bearer = (name: string) => ({ headers: { authorization: `Bearer ${secretOf(name)}` } })

test('every token may ask for its name and scopes, an unknown one may not', async () => {
  await api.refused(401, 'unauthenticated', 'GET', '/v1/caller')
  await api.refused(401, 'unauthenticated', 'GET', '/v1/caller', bearer('nobody'))
  for (const [name, granted] of [
    ['read', ['read']],
    ['both', ['submit', 'read']],
  ] as const) {
    const { status, body } = await api.call('GET', '/v1/caller', bearer(name))
    const maxFileBytes = api.context.config.SCRIPTORIUM_MAX_FILE_BYTES
    assert.equal(status, 200)
    assert.deepEqual(body, { name, scopes: granted, isTokenRequired: true, maxFileBytes })
  }
})

test('each route admits its scope and admin only', async () => {
  for (const [method, url, scope] of routes) {
    const nobody = await api.refused(401, 'unauthenticated', method, url)
    assert.equal(nobody.headers['www-authenticate'], 'Bearer')
    await api.refused(401, 'unauthenticated', method, url, bearer('nobody'))
    for (const holder of scopes) {
      const { status } = await api.call(method, url, bearer(holder))
      const isAllowed = holder === scope || holder === 'admin'
      assert.equal(status === 403, !isAllowed, `${holder} ${method} ${url}: ${status}`)
      assert.notEqual(status, 401)
    }
  }
})

test('a token can have several scopes', async () => {
  assert.equal((await api.call('GET', '/v1/documents', bearer('both'))).status, 200)
  const given = {
    ...bearer('both'),
    body: formOf([{ name: 'a.png', bytes: await pngOf('access') }]),
  }
  assert.equal((await api.call('POST', '/v1/documents', given)).status, 202)
  await api.refused(403, 'forbidden', 'GET', '/v1/webhooks', bearer('both'))
})

test('a malformed bearer token is 401', async () => {
  const headers = [
    '',
    'Bearer',
    'Bearer ',
    `Basic ${secretOf('admin')}`,
    secretOf('admin'),
    `Bearer ${secretOf('admin')} x`,
  ]
  for (const authorization of headers) {
    await api.refused(401, 'unauthenticated', 'GET', '/v1/documents', {
      headers: { authorization },
    })
  }
  const lower = { headers: { authorization: `bearer ${secretOf('admin')}` } }
  assert.equal((await api.call('GET', '/v1/documents', lower)).status, 200)
})

test('health, the OpenAPI document and its page need no token', async () => {
  for (const url of [
    '/livez',
    '/version',
    '/openapi.json',
    '/docs',
    '/docs/json',
    '/docs/static/index.html',
  ]) {
    assert.ok((await api.call('GET', url)).status < 400, url)
  }
  assert.equal((await api.call('GET', '/readyz')).status, 503)
})

test('an unknown route is 404 even without a token', async () => {
  await api.refused(404, 'unknown_route', 'GET', '/v2/documents')
  await api.refused(405, 'method_not_allowed', 'PATCH', '/v1/documents')
})

test('with tokens any host is accepted', async () => {
  const headers = {
    ...bearer('read').headers,
    host: 'scans.example.org',
    origin: 'https://other.example',
  }
  assert.equal((await api.call('GET', '/v1/documents', { headers })).status, 200)
})

test('without tokens only loopback hosts and no foreign origins are accepted', async (t) => {
  const open = await startApi(t)
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080']) {
    assert.equal((await open.call('GET', '/v1/documents', { headers: { host } })).status, 200, host)
  }
  for (const host of [
    'scans.example.org',
    'localhost.example.org:8080',
    '127.0.0.1.nip.io',
    '10.0.0.1',
  ]) {
    await open.refused(403, 'forbidden', 'GET', '/v1/documents', { headers: { host } })
  }
  const host = '127.0.0.1:8080'
  for (const origin of [
    'http://evil.example',
    'null',
    'http://127.0.0.1:9090',
    'http://localhost:8080',
  ]) {
    const given = { headers: { host, origin } }
    await open.refused(403, 'forbidden', 'POST', '/v1/documents', given)
    await open.refused(403, 'forbidden', 'GET', '/v1/documents', given)
  }
  const own = { headers: { host, origin: `http://${host}` } }
  assert.equal((await open.call('GET', '/v1/documents', own)).status, 200)
})

test('CORS admits pages of the configured origins only', async (t) => {
  const origin = 'https://archive.example'
  const open = await startApi(t, { SCRIPTORIUM_CORS: origin })
  const given = { headers: { origin } }
  const allowed = await open.call('GET', '/v1/documents', given)
  assert.deepEqual([allowed.status, allowed.headers['access-control-allow-origin']], [200, origin])
  const preflight = await open.app.inject({
    method: 'OPTIONS',
    url: '/v1/documents/d1',
    headers: { origin, 'access-control-request-method': 'DELETE' },
  })
  assert.equal(preflight.statusCode, 204)
  assert.match(String(preflight.headers['access-control-allow-methods']), /DELETE/)
  const other = { headers: { origin: 'https://evil.example' } }
  const { headers } = await open.refused(403, 'forbidden', 'GET', '/v1/documents', other)
  assert.equal(headers['access-control-allow-origin'], undefined)
  await open.refused(405, 'method_not_allowed', 'PATCH', '/v1/documents', given)
  await open.refused(404, 'unknown_route', 'GET', '/nowhere', given)
})

test('the rate limit is counted per token', async (t) => {
  const limited = await startApi(t, {
    SCRIPTORIUM_TOKENS: entries.join(','),
    SCRIPTORIUM_RATE_LIMIT: '2',
  })
  for (let index = 0; index < 2; index += 1)
    await limited.call('GET', '/v1/documents', bearer('read'))
  await limited.refused(429, 'rate_limited', 'GET', '/v1/documents', bearer('read'))
  assert.equal((await limited.call('GET', '/v1/documents', bearer('both'))).status, 200)
})
