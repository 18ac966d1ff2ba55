import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import { installAuth, parseToken } from '../../services/api/http/auth.ts'
import { installMethodGuard } from '../../services/api/http/method-guard.ts'
import { createErrorAnswer } from '../../services/api/http/problem.ts'
import { installRequestLog } from '../../services/api/observe/request-log.ts'
import { sendBytes } from '../helpers/fuzz/send.ts'

interface Line {
  msg: string
  status: number
  route: string
  times?: number
}

/** A server with a token, whose log is kept. */
async function start(t: TestContext) {
  let text = ''
  const log: FastifyBaseLogger = pino({}, { write: (line: string) => void (text += line) })
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
  })
  t.after(() => app.close())
  app.setErrorHandler(createErrorAnswer())
  installMethodGuard(app)
  installRequestLog(app, { metrics: { observe: () => undefined }, log })
  const digest = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b' // Of `secret`.
  installAuth(app, {
    tokens: [parseToken(`me:read:${digest}`)],
    origins: [],
    maxRefusals: 1_000_000,
  })
  app.get('/v1/things', { config: { scope: 'read' } }, () => 'things')
  app.get('/version', { config: { scope: 'none' } }, () => 'version')
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const lines = (): Line[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  return { app, address, lines, text: () => text }
}

test('refused requests without a token do not flood the log, and hide no line of a caller', async (t) => {
  const { app, lines, text } = await start(t)
  const before = text().length
  for (let count = 0; count < 2_000; count += 1) {
    await app.inject({ method: 'GET', url: count % 2 === 0 ? '/v1/things' : `/nowhere/${count}` })
    await app.inject({ method: 'GET', url: '/version' })
  }
  assert.ok(lines().length < 1_000, `${lines().length} lines of 4000 requests`)
  assert.ok(text().length - before < 300_000)
  const headers = { authorization: 'Bearer secret' }
  for (let count = 0; count < 3; count += 1) {
    await app.inject({ method: 'GET', url: '/v1/things', headers })
  }
  assert.equal(lines().filter(({ msg, status }) => msg === 'request' && status === 200).length, 3)
})

test('no log line contains text from a request', async (t) => {
  const { address, lines, text } = await start(t)
  const injected = 'INJECTED'
  const requests = [
    `GET /${injected}%0d%0a{"level":60} HTTP/1.1\r\nHost: ${injected}\r\n`,
    `GET /v1/things?a=${injected} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${injected}\r\n`,
    `GET /version HTTP/1.1\r\nHost: a\r\nUser-Agent: ${injected}\x1b[31m\r\nReferer: ${injected}\r\n`,
    `${injected} /version HTTP/1.1\r\nHost: a\r\n`,
    `GET /%zz${injected} HTTP/1.1\r\nHost: a\r\n`,
  ]
  for (const head of requests) {
    await sendBytes(address, [Buffer.from(`${head}Connection: close\r\n\r\n`, 'latin1')])
  }
  assert.ok(lines().length >= 3, 'every line is JSON')
  assert.ok(!text().includes(injected), text())
})
