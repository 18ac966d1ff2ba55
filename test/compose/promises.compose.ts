import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { waitFor } from '../helpers/wait.ts'
import { docker, findDockerEngine } from '../../scripts/tools/bench/compose/engine.ts'
import {
  createProject,
  testImage,
  type Project,
} from '../../scripts/tools/bench/compose/project.ts'

const engine = findDockerEngine()
const skip = 'reason' in engine && engine.reason
const services = ['api', 'aggregator', 'worker', 'redis']
const ours = ['api', 'aggregator', 'worker']
const gibibyte = 2 ** 30

/** The checked part of `docker inspect`. */
interface Inspected {
  Config: { User: string; StopTimeout: number; Env: string[] }
  HostConfig: {
    ReadonlyRootfs: boolean
    CapDrop: string[]
    SecurityOpt: string[]
    PidsLimit: number
    RestartPolicy: { Name: string }
    LogConfig: { Type: string; Config: Record<string, string> }
    Memory: number
    NanoCpus: number
    PortBindings: Record<string, { HostIp: string }[]> | null
  }
  NetworkSettings: { Networks: Record<string, unknown> }
  State: { Health: { Status: string; Log: { Output: string }[] } }
  Mounts: { Destination: string; RW: boolean }[]
}

let project: Project
const endings: (() => unknown)[] = []
after(async () => {
  for (const ending of endings) await ending()
})
before(async () => {
  if ('reason' in engine) return
  project = await createProject({ after: (ending) => endings.push(ending) }, engine, {
    settings: { HEALTH_INTERVAL: '2s' },
  })
  await project.must('up', '-d', '--build')
  await project.ready(1)
})

async function inspect(service: string): Promise<Inspected & { id: string }> {
  const [id = ''] = await project.containers(service)
  const [found] = JSON.parse(await docker('inspect', id)) as Inspected[]
  assert.ok(found !== undefined, service)
  return { ...found, id }
}

test(
  'No container can write to its image, gain privileges or fill the process table',
  { skip },
  async () => {
    for (const service of services) {
      const { HostConfig, Config } = await inspect(service)
      assert.equal(HostConfig.ReadonlyRootfs, true, service)
      assert.deepEqual(HostConfig.CapDrop, ['ALL'], service)
      assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges:true'], service)
      assert.ok(HostConfig.PidsLimit > 0, service)
      assert.doesNotMatch(Config.User, /^(0|root)?(:|$)/, service)
    }
  },
)

test(
  'Every container restarts, and has more time to stop than its drain takes',
  { skip },
  async () => {
    for (const service of services) {
      const { HostConfig, Config } = await inspect(service)
      assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped', service)
      const drain = Config.Env.find((line) => line.startsWith('SCRIPTORIUM_DRAIN_MS='))
      const drainMs = Number(drain?.split('=')[1] ?? 0)
      assert.ok(Config.StopTimeout * 1_000 > drainMs, service)
      assert.equal(HostConfig.LogConfig.Type, 'json-file', service)
      assert.ok(Number.parseInt(HostConfig.LogConfig.Config['max-size'] ?? '', 10) > 0, service)
    }
  },
)

test(
  'A worker has one core, memory for a large page, and network access to Redis only',
  { skip },
  async () => {
    const { HostConfig, NetworkSettings, Mounts } = await inspect('worker')
    assert.equal(HostConfig.NanoCpus, 1e9)
    assert.equal(HostConfig.Memory, gibibyte)
    assert.deepEqual(
      Mounts.filter(({ RW }) => RW),
      [],
    )
    const networks = Object.keys(NetworkSettings.Networks)
    assert.deepEqual(networks, [`${project.name}_inside`])
    assert.equal(await docker('network', 'inspect', '-f', '{{.Internal}}', ...networks), 'true')
  },
)

test('One port is published, on loopback', { skip }, async () => {
  for (const service of services) {
    const bindings = Object.values((await inspect(service)).HostConfig.PortBindings ?? {}).flat()
    const expected = service === 'api' ? ['127.0.0.1'] : []
    assert.deepEqual(
      bindings.map(({ HostIp }) => HostIp),
      expected,
      service,
    )
  }
})

test('Input is mounted read-only', { skip }, async () => {
  for (const service of ours) {
    const { Mounts } = await inspect(service)
    const input = Mounts.find(({ Destination }) => Destination === '/data/in')
    assert.equal(input?.RW, false, service)
  }
})

test('Every Node process uses jemalloc, and every line of its log is JSON', { skip }, async () => {
  const look = `for process in /proc/[0-9]*; do
    [ "$(readlink "$process/exe")" = /usr/local/bin/node ] && grep -c libjemalloc "$process/maps"
  done; true`
  for (const service of ours) {
    const { id } = await inspect(service)
    const counts = (await docker('exec', id, 'bash', '-c', look)).split('\n')
    assert.ok(counts.length === 1 && Number(counts[0]) > 0, `${service}: ${counts.join()}`)
    const logs = await project.must('logs', '--no-color', service)
    const lines = logs
      .split('\n')
      .flatMap((line) => (line.includes('|') ? [line.replace(/^.*?\| /, '')] : []))
    assert.ok(lines.length > 0, service)
    for (const line of lines) assert.equal(typeof JSON.parse(line), 'object')
  }
})

test('The image contains run-time files and no development files', { skip }, async () => {
  const list = await docker('run', '--rm', testImage, 'ls', '-A', '.', 'node_modules', 'scripts')
  const names = list.split('\n')
  for (const name of [
    'typescript',
    'oxlint',
    'oxfmt',
    'fast-check',
    'test',
    '.git',
    'samples',
    'bench',
    '.env',
  ]) {
    assert.ok(!names.includes(name), name)
  }
  for (const name of ['tesseract.js', 'services', 'workers', 'scriptorium.js'])
    assert.ok(names.includes(name), name)
})

test(
  'Without Redis the containers are unhealthy with the reason, and healthy once it is back',
  { skip },
  async () => {
    const [redis = ''] = await project.containers('redis')
    const statusOf = async (service: string): Promise<string> =>
      (await inspect(service)).State.Health.Status
    const all = async (status: string): Promise<boolean> =>
      (await Promise.all(ours.map(statusOf))).every((found) => found === status)
    await waitFor('health', () => all('healthy'), 60_000)
    await docker('pause', redis)
    try {
      await waitFor('bad health', () => all('unhealthy'), 90_000)
    } finally {
      await docker('unpause', redis)
    }
    const why = async (service: string): Promise<string> =>
      (await inspect(service)).State.Health.Log.map(({ Output }) => Output).join('')
    assert.match(await why('api'), /Redis does not answer|no answer within/)
    assert.match(await why('aggregator'), /no heartbeat for \d+ s/)
    assert.match(await why('worker'), /no heartbeat for \d+ s/)
    await waitFor('good health', () => all('healthy'), 60_000)
  },
)
