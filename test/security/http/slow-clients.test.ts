import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { installConnectionLimits } from '../../../services/api/limits/connections.ts'
import { installJsonBodies } from '../../../services/api/limits/json-body.ts'
import { createLimits, definitions, type LimitName } from '../../../services/api/limits/limits.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createErrorAnswer } from '../../../services/api/http/problem.ts'
import type { Ending } from '../../helpers/folder.ts'
import { silent } from '../../helpers/processes/private-redis.ts'
import { headOf, openRaw } from '../../helpers/api/raw-client.ts'
import { waitFor } from '../../helpers/wait.ts'

const plenty = Object.fromEntries(
  Object.keys(definitions).map((name) => [name, 2 ** 40]),
) as Record<LimitName, number>
const pace = { minBytesPerSecond: 1_000, windowMs: 300 }

/** A server with the limits and a window of a fraction of a second. */
async function start(
  ending: Ending,
  { deadlineMs = 60_000, limits = createLimits(plenty) } = {},
  addRoutes: (app: FastifyInstance) => void = () => undefined,
) {
  const app = fastify({ forceCloseConnections: true, bodyLimit: 2 ** 20 })
  ending.after(() => app.close())
  app.setErrorHandler(createErrorAnswer())
  app.decorateRequest('caller', 'anonymous')
  const connections = { limits, maxConnections: 100, pace, isProxy: () => false, log: silent }
  installConnectionLimits(app, connections)
  installJsonBodies(app, { limits, pace, lingerMs: 100, deadlineMs, unwantedMs: 300 })
  app.post('/', async ({ body }) => ({ got: body }))
  addRoutes(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const used = (wanted: LimitName) => limits.figures().find(({ name }) => name === wanted)?.used
  return { app, used, port: (app.server.address() as AddressInfo).port }
}

const json = (bytes: number) =>
  headOf('POST /', { 'content-type': 'application/json', 'content-length': bytes })

test('a JSON body that arrives too slowly is 408, and holds neither memory nor connection', async (t) => {
  const { port, used } = await start(t)
  const client = await openRaw(t, port, json(1_000_000))
  client.socket.write('{"a":"')
  const trickle = setInterval(() => client.socket.write('a'), 50)
  t.after(() => clearInterval(trickle))
  await waitFor('memory is held', () => Number(used('body_bytes')) > 6)
  assert.equal(await client.status(), 408)
  assert.match(client.text(), /"code":"upload_too_slow"/)
  await client.closed()
  await waitFor(
    'everything is released',
    () => used('body_bytes') === 0 && used('connections') === 0,
  )
})

test('an endless JSON body is 408 at its deadline, even if it is fast', async (t) => {
  const { port, used } = await start(t, { deadlineMs: 500 })
  const client = await openRaw(t, port, json(1_000_000))
  const stream = setInterval(() => client.socket.write(' '.repeat(500)), 50)
  t.after(() => clearInterval(stream))
  assert.equal(await client.status(), 408)
  await client.closed()
  await waitFor('everything is released', () => used('body_bytes') === 0)
})

test('a chunked body is read up to its limit', async (t) => {
  const { port, used } = await start(t)
  const chunked = headOf('POST /', {
    'content-type': 'application/json',
    'transfer-encoding': 'chunked',
  })
  const client = await openRaw(t, port, `${chunked}4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n`)
  assert.equal(await client.status(), 200)
  assert.match(client.text(), /\{"got":\{"a":1\}\}/)
  const large = await openRaw(t, port, chunked)
  const piece = `10000\r\n${' '.repeat(65_536)}\r\n`
  for (let pieces = 0; pieces < 20 && large.socket.writable; pieces += 1) large.socket.write(piece)
  assert.equal(await large.status(), 413)
  assert.equal((await openRaw(t, port, json(2 ** 20 + 1)).then((one) => one.status())) ?? 0, 413)
  await waitFor('everything is released', () => used('body_bytes') === 0)
})

test('a client that disconnects during its body or while it waits releases everything', async (t) => {
  const { port, used } = await start(t, {}, (app) => {
    app.post('/wait', () => new Promise(() => undefined))
  })
  const half = await openRaw(t, port, `${json(1_000)}{`)
  const head = { 'content-type': 'application/json', 'content-length': 2 }
  const whole = await openRaw(t, port, `${headOf('POST /wait', head)}{}`)
  await waitFor('memory is held', () => used('body_bytes') === 3)
  half.socket.destroy()
  whole.socket.destroy()
  await waitFor(
    'everything is released',
    () => used('body_bytes') === 0 && used('connections') === 0,
  )
})

test('an unread body is cut off after a while', async (t) => {
  const { port, used } = await start(t, {}, (app) => {
    const refuse = async () => {
      throw new ScriptoriumError('unauthenticated', 'a token is needed')
    }
    app.post('/refused', { onRequest: refuse }, () => 'never')
  })
  const head = { 'content-type': 'application/json', 'content-length': 1_000_000 }
  const client = await openRaw(t, port, `${headOf('POST /refused', head)}{`)
  assert.equal(await client.status(), 401)
  await client.closed()
  await waitFor('everything is released', () => used('connections') === 0)
})

test('a client that does not read its answer is cut off, a slow one is not', async (t) => {
  const bytes = 30_000_000
  let sent = 0
  const { port, used } = await start(t, {}, (app) => {
    app.get('/large', () => Buffer.alloc(bytes))
  })
  const stalled = await openRaw(t, port)
  stalled.socket.pause()
  stalled.socket.write(headOf('GET /large'))
  const slow = await openRaw(t, port)
  slow.socket.removeAllListeners('data')
  slow.socket.on('data', (chunk: Buffer) => {
    sent += chunk.length
    slow.socket.pause()
    setTimeout(() => slow.socket.resume(), 1).unref()
  })
  slow.socket.write(headOf('GET /large', { connection: 'close' }))
  await waitFor('the answer', () => sent > bytes)
  await waitFor('the stalled one is cut', () => used('connections') === 0)
})
