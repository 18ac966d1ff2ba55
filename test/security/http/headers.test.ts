import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { startApi } from '../../helpers/api/api.ts'
import { sendBytes } from '../../helpers/fuzz/send.ts'

const api = await startApi({ after })
await api.app.listen({ host: '127.0.0.1', port: 0 })
const address = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`

/** The answer to bytes that are sent as they are. */
const answerTo = (text: string): Promise<string> =>
  sendBytes(address, [Buffer.from(text, 'latin1')])

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])

test('every answer forbids sniffing, scripts and caching, whatever its source', async () => {
  const requests = {
    'an answer': 'GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'a refusal of the router':
      'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'a refusal of the framework':
      'GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'a refusal of the parser': 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
    'a missing Host': 'GET /version HTTP/1.1\r\nConnection: close\r\n\r\n',
  }
  for (const [name, text] of Object.entries(requests)) {
    const answer = await answerTo(text)
    assert.match(answer, /^x-content-type-options: nosniff\r$/im, name)
    assert.match(answer, /^content-security-policy: default-src 'none';/im, name)
    assert.match(answer, /^cache-control: no-store\r$/im, name)
    assert.match(answer, /^x-request-id: \S+\r$/im, name)
  }
})

test('a request has exactly one valid Host header', async () => {
  const get = (hosts: string): string =>
    `GET /version HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1', '[::1]:8080']) {
    assert.equal(statusOf(await answerTo(get(`Host: ${host}\r\n`))), 200, host)
  }
  const bad = [
    '',
    'Host: localhost\r\nHost: localhost\r\n',
    'Host: localhost\r\nhOST: evil.example\r\n',
    'Host: localhost\r\nX-A: b\r\nHost: evil.example\r\n',
    'Host: localhost/x\r\n',
    'Host: a b\r\n',
    'Host: evil\x85\x9b31m\r\n',
    'Host: user@localhost\r\n',
    'Host: localhost:80:80\r\n',
    `Host: ${'a'.repeat(300)}\r\n`,
  ]
  for (const hosts of bad) assert.equal(statusOf(await answerTo(get(hosts))), 400, hosts)
  assert.equal(statusOf(await answerTo('GET /livez HTTP/1.0\r\n\r\n')), 403, 'HTTP/1.0 without one')
})

test('a request id that is unsafe for logs or terminals is replaced', async () => {
  for (const given of ['a\x1b[31m', 'a\x9b31m', 'a b', 'é', 'a\tb', 'a'.repeat(101)]) {
    const text = `GET /version HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${given}\r\nConnection: close\r\n\r\n`
    const answer = await answerTo(text)
    assert.ok(!answer.includes(given), JSON.stringify(given))
  }
})

/** Swagger UI as a browser under its policy would load it. */
test('/docs consists of files of this server, and its policy permits it to run', async () => {
  for (const path of ['/docs', '/docs/']) {
    const page = await api.app.inject({ method: 'GET', url: path, headers: { host: 'localhost' } })
    assert.equal(page.statusCode, 200)
    const policy = String(page.headers['content-security-policy'])
    assert.match(policy, /script-src 'self';/)
    assert.match(policy, /connect-src 'self';/)
    assert.ok(!policy.includes('unsafe-eval') && !/script-src[^;]*unsafe-inline/.test(policy))
    const html = page.body
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)[^>]*>/i, 'a script in the page would not run')
    assert.doesNotMatch(html, /\son[a-z]+=/i, 'a handler in the page would not run')
    const base = new URL(path, address)
    const parts = [...html.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part)
    assert.ok(parts.length >= 6, html)
    for (const part of parts) {
      const url = new URL(part, base)
      assert.equal(url.origin, base.origin, part)
      const file = await fetch(url)
      assert.equal(file.status, 200, part)
      // With nosniff a browser takes scripts and styles by their type only.
      const type = file.headers.get('content-type') ?? ''
      if (url.pathname.endsWith('.js')) assert.match(type, /javascript/, part)
      if (url.pathname.endsWith('.css')) assert.match(type, /^text\/css/, part)
      await file.arrayBuffer()
    }
  }
  const initializer = await fetch(new URL('/docs/static/swagger-initializer.js', address))
  assert.match(await initializer.text(), /SwaggerUIBundle/)
  assert.equal((await fetch(new URL('/docs/json', address))).status, 200)
})
