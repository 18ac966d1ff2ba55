import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { test, type TestContext } from 'node:test'
import { createService, serviceOf } from '../../../../services/cli/watch/service.ts'

async function listen(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const never = new AbortController().signal

test('a lost connection is made again with the last id, until the end', async (t) => {
  const asked: (string | undefined)[] = []
  const url = await listen(t, ({ headers }, response) => {
    const last = headers['last-event-id']
    asked.push(typeof last === 'string' ? last : undefined)
    if (asked.length === 2) return void response.destroy()
    response.setHeader('content-type', 'text/event-stream')
    response.write(`id: ${asked.length}-0\nevent: document\ndata: {"n":${asked.length}}\n\n`)
    if (asked.length === 3) response.end('id: 3-0-end\nevent: finished\ndata: {}\n\n')
    else setImmediate(() => response.destroy())
  })
  const lost: string[] = []
  const events = createService({ url, token: undefined, stopping: never }).follow(
    '/v1/events',
    (why) => lost.push(why.message),
  )
  const seen: string[] = []
  for await (const { name, data } of events) seen.push(`${name} ${data}`)
  assert.deepEqual(seen, ['document {"n":1}', 'document {"n":3}', 'finished {}'])
  assert.deepEqual(asked, [undefined, '1-0', '1-0'])
  assert.equal(lost.length, 1, 'one message for one outage')
})

test('a service that does not answer at first is an error, with the cure', async (t) => {
  const url = await listen(t, (_, response) => response.destroy())
  const service = createService({ url, token: undefined, stopping: never })
  const wanted = { code: 'service_unreachable', exitCode: 3, message: /npx scriptorium serve/ }
  await assert.rejects(service.json('/v1/queue', String), wanted)
  await assert.rejects(service.follow('/v1/events', assert.fail).next(), wanted)
})

test('the token is sent, and its refusal ends the command', async (t) => {
  const sent: (string | undefined)[] = []
  const problem = { code: 'unauthenticated', detail: 'the token is unknown' }
  const url = await listen(t, ({ headers }, response) => {
    sent.push(headers.authorization)
    response.writeHead(401).end(JSON.stringify(problem))
  })
  const { json } = serviceOf({ url }, { SCRIPTORIUM_TOKEN: 'scr_1' }, never)
  await assert.rejects(json('/v1/queue', String), {
    code: 'unauthenticated',
    message: 'the token is unknown; set SCRIPTORIUM_TOKEN',
  })
  assert.deepEqual(sent, ['Bearer scr_1'])
})

test('a server that is not Scriptorium gets an error of its own', async (t) => {
  const url = await listen(t, (_, response) => response.writeHead(404).end('<h1>Not here</h1>'))
  const { json } = createService({ url, token: undefined, stopping: never })
  await assert.rejects(json('/v1/queue', String), {
    code: 'service_unreachable',
    message: /status 404, and is no Scriptorium/,
  })
})

test('the address comes from the option, else from the environment', () => {
  const urlOf = (option: { url?: string }, environment: NodeJS.ProcessEnv): string =>
    serviceOf(option, environment, never).url
  const environment = { SCRIPTORIUM_URL: 'http://b:1' }
  assert.equal(urlOf({ url: 'https://a' }, environment), 'https://a')
  assert.equal(urlOf({}, environment), 'http://b:1')
  assert.equal(urlOf({}, {}), 'http://127.0.0.1:8080')
  assert.throws(() => urlOf({ url: 'a:80' }, {}), { code: 'bad_arguments' })
})
