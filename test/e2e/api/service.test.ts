import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../../../scripts/client/client.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { pngOf, textOf } from '../../helpers/pages/pages.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { startProgram, type Program } from '../../helpers/processes/processes.ts'
import { createScene, type Scene } from '../../helpers/processes/scene.ts'
import { fileOf, logLines, oneOf, startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const undrained = 'work did not finish before the deadline'

/** `npm start` as it is, observed while it fails. */
function startBare(scene: Scene, more: NodeJS.ProcessEnv): Program {
  const program = startProgram('scripts/scriptorium.js', ['serve'], {
    environment: {
      ...scene.environment,
      PORT: '0',
      SCRIPTORIUM_DATA: join(scene.folder, 'bare'),
      SCRIPTORIUM_WORKERS: '1',
      ...more,
    },
  })
  scene.defer(async () => {
    if (program.isRunning()) program.kill('SIGTERM')
    await program.ended
  })
  return program
}

test('The service prints its address, its permitted callers, and the first command to try', async (t) => {
  const scene = createScene(t)
  const { program, address } = await startService(scene)
  const text = program.stdout()
  assert.match(
    text,
    new RegExp(`^Scriptorium \\S+ listens on ${address} \\(no tokens are set`, 'm'),
  )
  assert.match(text, new RegExp(`curl .*-F files=@samples/recipe\\.jpg .*${address}/v1/documents`))
  program.kill('SIGTERM')
  const { code, stderr } = await program.ended
  assert.deepEqual([code, stderr], [0, ''])
})

test('With REDIS_URL the service uses that Redis, and leaves it running', async (t) => {
  const scene = createScene(t)
  const redis = await startPrivateRedis(scene)
  scene.defer(() => redis.close())
  const { client, program } = await startService(scene, { REDIS_URL: redis.url })
  const view = oneOf(await client.upload([await fileOf('shared')], { wait: 30 }))
  assert.equal(await client.text(view.id), `${await textOf('shared')}\n`)
  program.kill('SIGTERM')
  assert.equal((await program.ended).code, 0)
  assert.equal(await redis.connect().ping(), 'PONG')
})

test('A start-up error is named, with exit code 9', async (t) => {
  const scene = createScene(t)
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const missing = join(scene.folder, 'missing')
  const cases: [more: NodeJS.ProcessEnv, message: RegExp][] = [
    [{ PORT: String(port) }, new RegExp(`127\\.0\\.0\\.1:${port} is in use by another process`)],
    [{ SCRIPTORIUM_ROOTS: `scans=${missing}` }, /SCRIPTORIUM_ROOTS: .*missing is not a folder/],
    [{ HOST: '0.0.0.0' }, /HOST=0\.0\.0\.0 .*SCRIPTORIUM_TOKENS/],
    [
      { HOST: '192.0.2.7', SCRIPTORIUM_TOKENS: `a:read:${'0'.repeat(64)}` },
      /is not an address of this machine/,
    ],
    [{ SCRIPTORIUM_TOKENS: 'a:everything:x' }, /SCRIPTORIUM_TOKENS: the entry of "a"/],
    [{ PORT: 'eighty', SCRIPTORIUM_RETENTION: 'soon' }, /PORT=eighty .*SCRIPTORIUM_RETENTION=soon/],
  ]
  for (const [more, message] of cases) {
    const { code, stdout, stderr } = await startBare(scene, more).ended
    assert.equal(code, 9, `${JSON.stringify(more)}: ${stdout}${stderr}`)
    assert.match(stdout + stderr, message)
    assert.doesNotMatch(stdout + stderr, /\n\s+at /, 'no stack')
  }
})

test('A data folder belongs to one service at a time', async (t) => {
  const scene = createScene(t)
  const { program, data } = await startService(scene)
  const { code, stderr } = await startBare(scene, { SCRIPTORIUM_DATA: data }).ended
  assert.equal(code, 9)
  assert.match(stderr, new RegExp(`is in use by process ${program.pid}; stop that process`))
})

test('An upload in progress during a stop is accepted, and read after the next start', async (t) => {
  const scene = createScene(t)
  const { address, program, data } = await startService(scene)
  const bytes = await pngOf('late')
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk))
  const head = [
    'POST /v1/documents?name=late.png HTTP/1.1',
    'host: localhost',
    'content-type: image/png',
    `content-length: ${bytes.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.write(bytes.subarray(0, 50))
  await waitFor('the upload is under way', () => spooling(data))
  program.kill('SIGTERM')
  await program.until('the API is stopping', () =>
    logLines(data).some(({ component, msg }) => component === 'api' && msg === 'stopping'),
  )
  socket.write(bytes.subarray(50))
  await once(socket, 'close')
  const [status = '', ...rest] = Buffer.concat(received).toString().split('\r\n')
  assert.match(status, /^HTTP\/1\.1 202 /)
  const { id } = JSON.parse(rest.at(-1) ?? '') as DocumentView
  assert.equal((await program.ended).code, 0)
  assert.ok(!logLines(data).some(({ msg }) => msg === undrained), 'it was not waited for')

  const next = await startService(scene)
  assert.equal((await next.client.document(id, 30)).outcome, 'succeeded')
  assert.equal(await next.client.text(id), `${await textOf('late')}\n`)
  assert.equal(scene.readings().get('late.png#1'), 1)
})

function spooling(data: string): boolean {
  const folder = join(data, 'spool', 'tmp')
  return existsSync(folder) && readdirSync(folder).length > 0
}

test('Idle connections are closed when the service stops', async (t) => {
  const scene = createScene(t)
  const more = { FAULT_SLOW_MS: '60000', SCRIPTORIUM_DRAIN_MS: '3000' }
  const { client, program, address, data } = await startService(scene, more)
  const view = oneOf(await client.upload([await fileOf('slow-1')]))
  await waitFor(
    'it is being read',
    async () => (await client.document(view.id)).status === 'reading',
  )
  const events = (await fetch(address + view.links.events)).text()
  const polled = client.document(view.id, 100)
  await fetch(`${address}/livez`) // A request that is answered now came after those two.
  program.kill('SIGTERM')
  assert.match(await events, /^event: document$/m)
  assert.equal((await polled).status, 'reading')
  await program.ended
  const late = logLines(data).filter(({ msg }) => msg === undrained)
  assert.ok(!late.some(({ component }) => component === 'api'), 'only the worker is waited for')
})

test('A client without the required scope is rejected by the real service too', async (t) => {
  const scene = createScene(t)
  const made = startProgram('scripts/scriptorium.js', ['token', 'reader', '--scopes', 'read'], {
    environment: scene.environment,
  })
  const { stdout } = await made.ended
  const [, secret = ''] = /^ {2}(scr_\S+)$/m.exec(stdout) ?? []
  const [, entry = ''] = /^ {2}(reader:\S+)$/m.exec(stdout) ?? []
  const { address, program } = await startService(scene, { SCRIPTORIUM_TOKENS: entry })
  assert.match(program.stdout(), /callers need a token/)
  const reader = createClient(address, secret)
  assert.deepEqual((await reader.json<{ items: unknown[] }>('/v1/documents')).items, [])
  await assert.rejects(reader.upload([await fileOf('refused')]), /^Error: 403 forbidden/)
  await assert.rejects(createClient(address).json('/v1/documents'), /^Error: 401 unauthenticated/)
})
