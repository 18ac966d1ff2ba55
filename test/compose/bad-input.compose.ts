import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { waitFor } from '../helpers/wait.ts'
import { docker, findDockerEngine, startCommand } from '../../scripts/tools/bench/compose/engine.ts'
import {
  createProject,
  testImage,
  usualUser,
  type Project,
  type Settings,
} from '../../scripts/tools/bench/compose/project.ts'

const engine = findDockerEngine()
const skip = 'reason' in engine && engine.reason

let project: Project
const endings: (() => unknown)[] = []
after(async () => {
  for (const ending of endings) await ending()
})
before(async () => {
  if ('reason' in engine) return
  project = await createProject({ after: (ending) => endings.push(ending) }, engine, {
    user: usualUser, // It cannot access folders of other users.
  })
  await project.must('build')
  await project.must('up', '-d', 'redis')
})

/** The last line of an ended container, on either stream. */
async function lastLine(container: string): Promise<string> {
  const { stdout, stderr } = await startCommand('docker', ['logs', '--tail', '1', container]).ended
  return stdout + stderr
}

let count = 0

interface Refusal {
  why: string
  service: string
  settings: () => Settings
  code: number
  says: RegExp
}

const closed = (): string => {
  const folder = join(project.input, 'closed')
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o700)
  return folder
}
const nowhere = () => ({ REDIS_URL: 'redis://nowhere:6379' })
const noRedis = /Redis at redis:\/\/nowhere:6379 does not answer .*start it, or correct REDIS_URL/

const refusals: Refusal[] = [
  {
    why: 'a folder to read that the user may not read',
    service: 'api',
    settings: () => ({ INPUT_FOLDER: closed() }),
    code: 9,
    says: /SCRIPTORIUM_ROOTS: \/data\/in cannot be read by user 1000, .*SCRIPTORIUM_USER/,
  },
  {
    why: 'the same for ingest',
    service: 'ingest',
    settings: () => ({ INPUT_FOLDER: closed() }),
    code: 5,
    says: /\/data\/in cannot be read by user 1000, .*SCRIPTORIUM_USER/,
  },
  {
    why: 'a folder to write that the user may not write',
    service: 'aggregator',
    settings: () => ({ OUTPUT_FOLDER: closed() }),
    code: 9,
    says: /SCRIPTORIUM_OUTPUT: \/output cannot be written by user 1000, .*SCRIPTORIUM_USER/,
  },
  ...['api', 'aggregator', 'worker', 'ingest'].map((service) => ({
    why: `a wrong REDIS_URL of ${service}`,
    service,
    settings: nowhere,
    code: 3,
    says: noRedis,
  })),
  {
    why: 'a REDIS_URL that is none',
    service: 'worker',
    settings: () => ({ REDIS_URL: 'redis:6379' }),
    code: 9,
    says: /REDIS_URL=redis:6379 /,
  },
  {
    why: 'a language that the image lacks',
    service: 'worker',
    settings: () => ({ SCRIPTORIUM_LANGUAGES: 'eng+tlh' }),
    code: 9,
    says: /no data for language tlh; installed: eng; .*LANGUAGES in \.env, then up --build/,
  },
  {
    why: 'a port for everybody without tokens',
    service: 'api',
    settings: () => ({ API_ADDRESS: '0.0.0.0' }),
    code: 9,
    says: /API_ADDRESS=0\.0\.0\.0 is not loopback, and SCRIPTORIUM_TOKENS is not set/,
  },
]

test(
  'A configuration error ends a container with its exit code, and its last line names the cure',
  { skip, concurrency: true },
  async (t) => {
    // All at once: most of them wait for a Redis that is not there.
    await Promise.all(
      refusals.map(({ why, service, settings, code, says }) =>
        t.test(why, async () => {
          const name = `${project.name}-${(count += 1)}`
          const words = ['run', '-T', '--name', name, '--no-deps', service]
          const { code: ended, stderr } = await project.compose(words, settings())
          assert.equal(ended, code, stderr)
          assert.match(await lastLine(name), says)
        }),
      ),
    )
  },
)

test('A folder without its mount is named', { skip }, async () => {
  const run = (...words: string[]) =>
    startCommand('docker', [
      'run',
      '--rm',
      '--read-only',
      '--network',
      `${project.name}_inside`,
      ...words,
    ]).ended
  const redis = ['-e', 'REDIS_URL=redis://:scriptorium@redis:6379']
  const api = await run(
    ...redis,
    '-e',
    'SCRIPTORIUM_ROOTS=in=/data/in',
    '--tmpfs',
    '/state:mode=777',
    testImage,
  )
  assert.match(api.stderr, /SCRIPTORIUM_ROOTS: \/data\/in is not a folder; mount it/)
  assert.equal(api.code, 9)
  const collect = [testImage, 'node', 'services/aggregator/main.ts']
  const noOutput = await run(...redis, ...collect)
  assert.match(noOutput.stderr, /SCRIPTORIUM_OUTPUT: \/output is on a read-only file system; mount/)
  assert.equal(noOutput.code, 9)
  const aggregator = await run(...redis, '--tmpfs', '/output:mode=777', ...collect)
  assert.match(aggregator.stderr, /SCRIPTORIUM_DATA: \/state is on a read-only file system; mount/)
  assert.equal(aggregator.code, 9)
  const ingest = await run(
    ...redis,
    testImage,
    'scriptorium',
    'ingest',
    '/data/in',
    '--out',
    '/output',
  )
  assert.match(ingest.stderr, /\/data\/in cannot be read: no such file or folder/)
  assert.equal(ingest.code, 5)
})

test('A missing host folder starts no container', { skip }, async (t) => {
  assert.ok('compose' in engine)
  const folder = join(project.input, 'gone')
  const ended = await project.compose(['up', '-d', '--no-deps', 'worker'], { INPUT_FOLDER: folder })
  if (!engine.isLegacy && ended.code === 0) return t.skip('this Compose makes the folder')
  assert.notEqual(ended.code, 0)
  assert.ok((ended.stdout + ended.stderr).includes(folder))
  assert.ok(!existsSync(folder))
})

test('A port in use is named, and nothing is retried', { skip }, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const port = String(address.port)
  const ended = await project.compose(['up', '-d', '--no-deps', 'api'], { API_PORT: port })
  server.close()
  assert.notEqual(ended.code, 0)
  assert.ok((ended.stdout + ended.stderr).includes(`127.0.0.1:${port}`), ended.stderr)
  const [api = ''] = await project.containers('api')
  assert.equal(
    await docker('inspect', '-f', '{{.RestartCount}} {{.State.Running}}', api),
    '0 false',
  )
})

test('A worker that cannot start is restarted with back-off', { skip }, async () => {
  await project.compose(['up', '-d', '--no-deps', 'worker'], { SCRIPTORIUM_LANGUAGES: 'tlh' })
  const [worker = ''] = await project.containers('worker')
  const restarts = async (): Promise<number> =>
    Number(await docker('inspect', '-f', '{{.RestartCount}}', worker))
  const times: number[] = []
  await waitFor('seven restarts', async () => {
    if ((await restarts()) > times.length) times.push(performance.now())
    return times.length >= 7
  })
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  assert.ok((gaps.at(-1) ?? 0) > 3_000, `gaps ${gaps.map(Math.round).join(', ')} ms`)
  assert.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', worker), '9')
})
