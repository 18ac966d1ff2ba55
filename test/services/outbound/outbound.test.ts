import assert from 'node:assert/strict'
import type { lookup, LookupAddress } from 'node:dns'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { createOutbound, type Outbound } from '../../../services/outbound/outbound.ts'
import { startReceiver } from '../../helpers/api/receiver.ts'
import { waitFor } from '../../helpers/wait.ts'

/** More than any test waits. */
const timeoutMs = 60_000
const loopback = ['127.0.0.1/32']

function open(
  t: TestContext,
  allow: readonly string[] = loopback,
  resolve?: typeof lookup,
): Outbound {
  const outbound = createOutbound(resolve === undefined ? { allow } : { allow, resolve })
  t.after(() => outbound.close())
  return outbound
}

/** A resolver that answers each question with the next of these. */
function resolveTo(...answers: (readonly string[] | Error)[]) {
  const asked: string[] = []
  const resolve = (
    hostname: string,
    _: unknown,
    callback: (error: Error | null, found: LookupAddress[]) => void,
  ): void => {
    asked.push(hostname)
    const answer = answers[asked.length - 1] ?? []
    if (answer instanceof Error) callback(answer, [])
    else
      callback(
        null,
        answer.map((address) => ({ address, family: 4 })),
      )
  }
  return { asked, resolve: resolve as unknown as typeof lookup }
}

test('an allowed address answers with head and body', async (t) => {
  const receiver = await startReceiver(t, (response) =>
    response.writeHead(418, { 'x-kind': 'pot', 'set-cookie': ['a=1', 'b=2'] }).end('short'),
  )
  const request = { method: 'POST', headers: { 'x-a': 'b' }, body: 'größe', timeoutMs } as const
  const answer = await open(t).request(`${receiver.url}/p?q=1#f`, request)
  assert.equal(answer.status, 418)
  assert.equal(answer.headers.get('x-kind'), 'pot')
  assert.equal(answer.headers.get('set-cookie'), 'a=1')
  assert.equal(await text(answer.body), 'short')
  const [seen] = receiver.seen
  assert.deepEqual([seen?.method, seen?.path, seen?.body], ['POST', '/p?q=1', 'größe'])
  assert.equal(seen?.headers['x-a'], 'b')
  assert.match(seen?.headers['user-agent'] ?? '', /^Scriptorium\/\d/)
})

test('a private address is rejected in any notation', async (t) => {
  const { port, connections } = await startReceiver(t, (response) => response.end())
  const outbound = open(t, [])
  const hosts = [
    '127.0.0.1 127.1 0x7f.1 0x7f000001 2130706433 017700000001 127.0.0.1. ①②⑦.0.0.1',
    '127。0。0。1 %31%32%37.0.0.1 0 0.0.0.0 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1]',
    '[fd00:ec2::254] 10.0.0.1 169.254.169.254 192.168.0.1 224.0.0.1 255.255.255.255',
  ].flatMap((line) => line.split(' '))
  for (const host of hosts) {
    const refusal = { code: 'url_refused', message: /has no public address$/ }
    await assert.rejects(outbound.request(`http://${host}:${port}/`, { timeoutMs }), refusal, host)
    await assert.rejects(outbound.request(`https://${host}:${port}/`, { timeoutMs }), refusal, host)
  }
  assert.equal(connections.made, 0)
})

test('a name that resolves to a private address is rejected, without revealing the address', async (t) => {
  const { port, connections } = await startReceiver(t, (response) => response.end())
  const message = 'localhost has no public address'
  for (const scheme of ['http', 'https']) {
    const asked = open(t, []).request(`${scheme}://localhost:${port}/`, { timeoutMs })
    await assert.rejects(asked, { code: 'url_refused', message })
  }
  assert.equal(connections.made, 0)
})

test('only the allowed addresses of a name are tried', async (t) => {
  const forbidden = await startReceiver(t, (response) => response.end('forbidden'), '127.0.0.2')
  const { resolve } = resolveTo(['127.0.0.2', '127.0.0.1'])
  const asked = open(t, loopback, resolve).request(`http://two.example:${forbidden.port}/`, {
    timeoutMs,
  })
  await assert.rejects(asked, { code: 'url_failed', message: /^two\.example cannot be reached/ })
  assert.equal(forbidden.connections.made, 0)
})

test('DNS rebinding after the check has no effect', async (t) => {
  const receiver = await startReceiver(t, (response) => response.end('right'))
  const { asked, resolve } = resolveTo(['127.0.0.1'], ['10.0.0.1'])
  const url = `http://rebinding.example:${receiver.port}/`
  const answer = await open(t, loopback, resolve).request(url, { timeoutMs })
  assert.equal(await text(answer.body), 'right')
  assert.deepEqual(asked, ['rebinding.example'], 'one lookup, whose address is connected')
})

test('only http and https URLs without credentials are accepted', async (t) => {
  const refused: [url: string, message: RegExp][] = [
    ['file:///etc/passwd', /only http and https/],
    ['ftp://example.com/', /only http and https/],
    ['data:text/plain,x', /only http and https/],
    ['//example.com/', /not a URL/],
    ['', /not a URL/],
    ['http://', /not a URL/],
    ['http://user@example.com/', /example\.com contains credentials/],
    ['https://:secret@example.com/', /example\.com contains credentials/],
  ]
  for (const [url, message] of refused) {
    await assert.rejects(open(t).request(url, { timeoutMs }), (error: Error) => {
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /secret/)
      return 'code' in error && error.code === 'url_refused'
    })
  }
})

test('a redirect is an error unless it is allowed', async (t) => {
  const receiver = await startReceiver(t, (response, { path }) => {
    const left = Number(path.slice(1))
    if (left === 0) response.end('there')
    else response.writeHead(302, { location: `/${left - 1}` }).end('moved')
  })
  const outbound = open(t)
  const go = (hops: number, maxRedirects?: number) =>
    outbound.request(`${receiver.url}/${hops}`, {
      timeoutMs,
      ...(maxRedirects === undefined ? {} : { maxRedirects }),
    })
  await assert.rejects(go(1), {
    code: 'url_failed',
    message: '127.0.0.1 answered with a redirect (302)',
  })
  assert.equal(receiver.seen.length, 1)
  assert.equal(await text((await go(3, 3)).body), 'there')
  await assert.rejects(go(4, 3), { code: 'url_failed', message: /the 4th in a row/ })
})

test('the target of a redirect is checked like the first URL', async (t) => {
  const inner = await startReceiver(t, (response) => response.end('secret'), '127.0.0.2')
  const targets = [
    `http://127.0.0.2:${inner.port}/`,
    `http://0x7f.2:${inner.port}/`,
    `http://[::ffff:127.0.0.2]:${inner.port}/`,
    'file:///etc/passwd',
    `http://a:b@127.0.0.1:${inner.port}/`,
  ]
  const outer = await startReceiver(t, (response, { path }) =>
    response.writeHead(302, { location: targets[Number(path.slice(1))] }).end(),
  )
  const outbound = open(t)
  for (const index of targets.keys()) {
    const asked = outbound.request(`${outer.url}/${index}`, { timeoutMs, maxRedirects: 3 })
    await assert.rejects(asked, { code: 'url_refused' }, targets[index])
  }
  assert.equal(inner.connections.made, 0)
})

test('private headers and the body are not sent to another origin', async (t) => {
  const other = await startReceiver(t, (response) => response.end(), '127.0.0.2')
  const first = await startReceiver(t, (response, { path }) => {
    const [, status, where] = path.split('/')
    if (where === undefined) return response.end()
    const location = where === 'other' ? `${other.url}/` : '/'
    return response.writeHead(Number(status), { location }).end()
  })
  const outbound = open(t, ['127.0.0.1/32', '127.0.0.2/32'])
  const headers = { authorization: 'Bearer x', 'x-key': 'x', accept: 'image/*' }
  const get = { headers, timeoutMs, maxRedirects: 1 }
  await outbound.request(`${first.url}/302/same`, get)
  assert.equal(first.seen.at(-1)?.headers.authorization, 'Bearer x')
  await outbound.request(`${first.url}/302/other`, get)
  const told = other.seen.at(-1)?.headers
  assert.deepEqual(
    [told?.authorization, told?.['x-key'], told?.accept],
    [undefined, undefined, 'image/*'],
  )

  const post = { ...get, method: 'POST', body: '{}' } as const
  await outbound.request(`${first.url}/307/same`, post)
  assert.deepEqual([first.seen.at(-1)?.method, first.seen.at(-1)?.body], ['POST', '{}'])
  await outbound.request(`${first.url}/303/other`, post)
  assert.deepEqual([other.seen.at(-1)?.method, other.seen.at(-1)?.body], ['GET', ''])
  await assert.rejects(outbound.request(`${first.url}/307/other`, post), { code: 'url_refused' })
  assert.equal(other.seen.length, 2)
})

test(
  'a server that times out or stalls in the middle is an error',
  { timeout: 120_000 },
  async (t) => {
    const receiver = await startReceiver(t, (response, { path }) => {
      if (path === '/half') response.writeHead(200, { 'content-length': 10 }).write('half')
    })
    const outbound = open(t)
    const late = { code: 'url_failed', message: '127.0.0.1 did not answer in time' }
    await assert.rejects(outbound.request(receiver.url, { timeoutMs: 200 }), late)
    const answer = await outbound.request(`${receiver.url}/half`, { timeoutMs: 200 })
    await assert.rejects(text(answer.body), late)
    await waitFor('the connections are closed', () => receiver.connections.open === 0)
  },
)

test('a body that fails before its first read throws at that read', async (t) => {
  const receiver = await startReceiver(t, (response) => {
    response.writeHead(200, { 'content-length': 10 }).write('half')
    setImmediate(() => response.destroy())
  })
  const { body } = await open(t).request(receiver.url, { timeoutMs })
  await waitFor('the body has failed', () => body.destroyed)
  await assert.rejects(text(body), {
    code: 'url_failed',
    message: /^127\.0\.0\.1 cannot be reached/,
  })
})

test('a reader that stops closes the connection, and no more is received', async (t) => {
  let sent = 0
  const receiver = await startReceiver(t, (response) => {
    const send = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536
      response.once('drain', send)
    }
    send()
  })
  const { body } = await open(t).request(receiver.url, { timeoutMs })
  await once(body, 'readable')
  let before = -1
  await waitFor('the sender is held up', () => {
    const isHeld = sent === before
    before = sent
    return isHeld
  })
  assert.ok(sent < 64 * 2 ** 20, `${sent} bytes were taken`)
  body.destroy()
  await waitFor('the connection is closed', () => receiver.connections.open === 0)
})

test('the caller can abort', async (t) => {
  const receiver = await startReceiver(t, () => undefined)
  const giveUp = new AbortController()
  const asked = open(t).request(receiver.url, { timeoutMs, signal: giveUp.signal })
  await waitFor('it was asked', () => receiver.seen.length === 1)
  giveUp.abort()
  await assert.rejects(asked, { code: 'url_failed', message: /was aborted$/ })
  await waitFor('the connection is closed', () => receiver.connections.open === 0)
})

test('an error names the host and the reason, without its address', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  const closed = open(t).request(`http://localhost:${port}/`, { timeoutMs })
  await assert.rejects(closed, {
    code: 'url_failed',
    message: 'localhost cannot be reached (ECONNREFUSED)',
  })
  const { resolve } = resolveTo(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
  const unknown = open(t, loopback, resolve).request('http://nowhere.example/', { timeoutMs })
  await assert.rejects(unknown, {
    code: 'url_failed',
    message: 'nowhere.example cannot be resolved',
  })
})

test('closing aborts running requests', { timeout: 120_000 }, async (t) => {
  const receiver = await startReceiver(t, () => undefined)
  const outbound = open(t)
  const asked = outbound.request(receiver.url, { timeoutMs })
  await waitFor('it was asked', () => receiver.seen.length === 1)
  await Promise.all([outbound.close(), assert.rejects(asked, { code: 'url_failed' })])
  await assert.rejects(outbound.request(receiver.url, { timeoutMs }), { code: 'url_failed' })
})
