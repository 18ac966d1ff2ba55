import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openLedger } from '../../../services/ledger/ledger.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { openRaw, type RawClient } from '../../helpers/api/raw-client.ts'
import { waitFor } from '../../helpers/wait.ts'

const handles = 90
const bytes = await pngOf('handles')

const brace = '{'.charCodeAt(0)
const source = (given: object): Buffer => Buffer.from(JSON.stringify({ source: given }))

/** The API as a process that the system gives few handles. */
async function startApi(t: TestContext) {
  const folder = makeFolder(t)
  const data = join(folder, 'data')
  const scans = join(folder, 'scans')
  mkdirSync(scans)
  writeFileSync(join(scans, 'page.png'), bytes)
  const redis = await startPrivateRedis({ folder })
  t.after(() => redis.close())
  const ledger = openLedger(data, { isSearchable: true })
  t.after(() => ledger.close())
  const command = [process.execPath, join(repository, 'services/api/main.ts')]
  const child = spawn('sh', ['-c', `ulimit -n ${handles} && exec "$0" "$@"`, ...command], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      REDIS_URL: redis.url,
      PORT: '0',
      SCRIPTORIUM_DATA: data,
      SCRIPTORIUM_MIN_FREE_BYTES: '0',
      SCRIPTORIUM_ROOTS: `in=${scans}`,
      SCRIPTORIUM_URL_SOURCES: 'on',
      SCRIPTORIUM_OUTBOUND_ALLOW: '127.0.0.0/8',
      SCRIPTORIUM_ENGINE: join(repository, 'test/fixtures/engines/faults.ts'),
      SCRIPTORIUM_DRAIN_MS: '1000',
    },
  })
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [{ address }] = (await once(child, 'message')) as [{ address: string }]
  return { child, port: Number(new URL(address).port), log: () => log, data }
}

/** A client that keeps its one connection. */
function createClient(t: TestContext, port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  return (method: string, path: string, body?: Buffer) =>
    new Promise<{ status: number; text: string; retryAfter: string | undefined }>(
      (resolve, reject) => {
        const type = body?.[0] === brace ? 'application/json' : 'image/png'
        const headers = body && { 'content-type': type, 'content-length': body.length }
        const sent = request({
          agent,
          port,
          host: '127.0.0.1',
          method,
          path,
          ...(headers && { headers }),
        })
        sent.on('error', reject)
        sent.on('response', (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => {
            const { statusCode: status = 0, headers: answered } = response
            resolve({ status, text, retryAfter: answered['retry-after'] })
          })
        })
        sent.end(body)
      },
    )
}

for (const isWarm of [true, false]) {
  const since = isWarm ? 'after it has worked' : 'from its first request on'
  const name = `without handles, ${since}, the API answers 503, lives on, and recovers`
  test(name, (t) => runOut(t, isWarm))
}

async function runOut(t: TestContext, isWarm: boolean): Promise<void> {
  const api = await startApi(t)
  const call = createClient(t, api.port)
  const [method, path, body] = isWarm
    ? (['POST', '/v1/documents', bytes] as const)
    : (['GET', '/livez'] as const)
  assert.ok((await call(method, path, body)).status < 300)
  const used = (): number => readdirSync(`/proc/${api.child.pid}/fd`).length
  const clients: RawClient[] = []
  for (let count = 0; count < handles; count += 1) clients.push(await openRaw(t, api.port))
  await waitFor('all handles are in use', () => used() >= handles - 2)

  const fromUrl = source({ type: 'url', url: `http://127.0.0.1:${api.port}/livez` })
  const routes: [method: string, path: string, body?: Buffer][] = [
    ['GET', '/livez'],
    ['GET', '/readyz'],
    ['GET', '/version'],
    ['GET', '/docs'],
    ['GET', '/docs/static/swagger-ui.css'],
    ['GET', '/openapi.json'],
    ['GET', '/metrics'],
    ['GET', '/v1/documents'],
    ['GET', '/v1/documents/d1'],
    ['GET', '/v1/documents/d1/result'],
    ['GET', '/v1/documents/d1/events'],
    ['GET', '/v1/runs'],
    ['GET', '/v1/runs/r1'],
    ['GET', '/v1/runs/r1/report'],
    ['GET', '/v1/search?q=a'],
    ['GET', '/v1/languages'],
    ['GET', '/v1/workers'],
    ['GET', '/v1/queue'],
    ['GET', '/v1/webhooks'],
    ['POST', '/v1/documents', bytes],
    ['POST', '/v1/documents', source({ type: 'base64', data: bytes.toString('base64') })],
    ['POST', '/v1/documents', source({ type: 'path', root: 'in', path: 'page.png' })],
    ['POST', '/v1/documents', fromUrl],
    ['POST', '/v1/documents/check', Buffer.from('{"documents":[]}')],
    ['POST', '/v1/webhooks', Buffer.from('{"url":"https://example.org"}')],
  ]
  const answers: string[] = []
  for (const [method, path, body] of routes) {
    const { status, text, retryAfter } = await call(method, path, body)
    answers.push(`${method} ${path} ${status} ${text.slice(0, 200)}`)
    assert.ok(status < 500 || status === 503, `${method} ${path}: ${status} ${text}`)
    if (status === 503 && path !== '/readyz') {
      assert.match(text, /"retryable":true/, path)
      assert.match(retryAfter ?? '', /^[1-9]\d*$/, path)
    }
  }
  const isSubmit = (answer: string): boolean => answer.startsWith('POST /v1/documents ')
  for (const answer of answers.filter(isSubmit)) assert.match(answer, /^POST \S+ 503 /)
  assert.match(answers.find((answer) => answer.includes(' /metrics ')) ?? '', / 200 /)
  assert.equal(api.child.exitCode, null)

  for (const { socket } of clients) socket.destroy()
  await waitFor('handles are free', () => used() < handles / 2 + 20)
  assert.equal((await call('POST', '/v1/documents', bytes)).status, 202)
  const fetched = await call('POST', '/v1/documents', fromUrl)
  assert.match(fetched.text, /unsupported_type/)
  assert.equal((await fetch(`http://127.0.0.1:${api.port}/livez`)).status, 200)
  assert.ok(!api.log().includes('"level":60'), api.log())
  assert.deepEqual(readdirSync(join(api.data, 'spool/tmp')), [])
}
