import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ledgerFile } from '../../../../services/ledger/ledger.ts'
import type { Check } from '../../../../services/cli/operators/doctor/check.ts'
import { runChecks, formatChecks } from '../../../../services/cli/operators/doctor/doctor.ts'
import {
  checkEngine,
  checkSecondEngine,
} from '../../../../services/cli/operators/doctor/engines.ts'
import {
  checkConfiguration,
  checkDisk,
  checkHandles,
  checkLanguages,
  checkNode,
  checkWorkers,
} from '../../../../services/cli/operators/doctor/machine.ts'
import {
  checkClients,
  checkClock,
  checkMemory,
  checkOwnServer,
  checkPersistence,
  checkPolicy,
  checkRole,
  checkVersion,
  parseInfo,
} from '../../../../services/cli/operators/doctor/redis-server.ts'
import { checkLedger } from '../../../../services/cli/operators/doctor/roles.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { repository, startProgram } from '../../../helpers/processes/processes.ts'
import { createScene } from '../../../helpers/processes/scene.ts'
import { createServices } from '../../../helpers/processes/services.ts'

const server = await startPrivateRedis()
after(() => server.close())

const gib = 2 ** 30
const info = (fields: Record<string, string | number>) =>
  parseInfo(
    Object.entries(fields)
      .map(([name, value]) => `${name}:${value}`)
      .join('\r\n'),
  )
const stateOf = (checks: readonly Check[], name: string) =>
  checks.find((check) => check.name === name)?.state

test('a second engine that is not installed is a warning: the first one reads alone', async (t) => {
  const missing = await checkSecondEngine({ SCRIPTORIUM_NEURAL_MODELS: makeFolder(t) })
  assert.equal(missing.state, 'warning')
  assert.match((await checkSecondEngine({})).found, /^neural, onnxruntime-node /)
  assert.equal((await checkSecondEngine({ SCRIPTORIUM_ENGINE: './own.ts' })).found, 'off')
})

test('every error has a cure', async (t) => {
  const file = join(makeFolder(t), 'file')
  writeFileSync(file, '')
  const bad = [
    checkNode('20.11.0'),
    checkConfiguration({ PORT: 'x', SCRIPTORIUM_WORKERS: '1.5' }),
    await checkLanguages({ SCRIPTORIUM_LANGUAGES: 'eng+xyz' }),
    await checkEngine({ SCRIPTORIUM_ENGINE: '/nowhere/engine.ts' }),
    checkWorkers({ SCRIPTORIUM_WORKERS: '8' }, { memory: gib, cores: 8 }),
    checkHandles('128'),
    checkDisk('disk', makeFolder(t), 2 ** 60),
    checkOwnServer('/nowhere'),
    checkVersion(info({ redis_version: '6.2.1' }), ''),
    checkRole(info({ role: 'slave' })),
    checkRole(info({ role: 'master', cluster_enabled: 1 })),
    checkPolicy(info({ maxmemory: 1, maxmemory_policy: 'allkeys-lru' })),
    checkMemory(info({ used_memory: 3 * gib, maxmemory: 3 * gib })),
    checkPersistence(info({ aof_enabled: 1, aof_last_write_status: 'err' })),
  ]
  for (const { name, state, found, cure } of bad) {
    assert.equal(state, 'wrong', `${name}: ${found}`)
    assert.ok(cure !== undefined && cure !== '', name)
  }
  assert.match(bad[1]?.found ?? '', /PORT=x .*SCRIPTORIUM_WORKERS=1\.5 /)
  assert.match(formatChecks(bad), /^14 wrong: Scriptorium cannot run on this machine yet\.$/m)
})

test('a possible improvement is a warning, not an error', () => {
  const warnings = [
    checkWorkers({ SCRIPTORIUM_WORKERS: '8' }, { memory: 20 * gib, cores: 2 }),
    checkHandles('512'),
    checkPolicy(info({ maxmemory: 0, maxmemory_policy: 'allkeys-lru' })),
    checkMemory(info({ used_memory: 0.9 * gib, maxmemory: gib })),
    checkPersistence(info({ aof_enabled: 0 })),
    checkClients(info({ connected_clients: 5, maxclients: 100 }), 64),
    checkClock(5_000),
  ]
  for (const { name, state, cure } of warnings) {
    assert.equal(state, 'warning', name)
    assert.notEqual(cure, undefined)
  }
  assert.match(formatChecks(warnings), /^Scriptorium can run; 7 warnings\.$/m)
})

test('a correct setting is ok', () => {
  const good = [
    checkNode('22.18.0'),
    checkNode('25.0.0'),
    checkConfiguration({}),
    checkWorkers({ SCRIPTORIUM_WORKERS: '4' }, { memory: 8 * gib, cores: 4 }),
    checkHandles('unlimited'),
    checkVersion(info({ redis_version: '7.2.4', valkey_version: '8.1.0' }), ''),
    checkRole(info({ role: 'master', cluster_enabled: 0 })),
    checkMemory(info({ used_memory: gib, maxmemory: 0, total_system_memory: 8 * gib })),
    checkClients(info({ connected_clients: 5, maxclients: 10_000 }), 4),
    checkClock(-100),
  ]
  for (const { name, state, found } of good) assert.equal(state, 'ok', `${name}: ${found}`)
  assert.match(formatChecks(good), /^No problems found\.$/m)
})

test('a folder without write permission is reported, for any user', (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'closed'))
  chmodSync(join(folder, 'closed'), 0o500)
  const { state, found } = checkDisk('disk', join(folder, 'closed', 'out'), 1)
  // Root may write everywhere.
  assert.equal(state, process.getuid?.() === 0 ? 'ok' : 'wrong', found)
})

test('an unreadable ledger is reported', (t) => {
  const folder = makeFolder(t)
  assert.deepEqual(
    checkLedger(folder).map(({ state }) => state),
    ['ok'],
  )
  writeFileSync(ledgerFile(folder), 'not a database, and long enough to be looked at'.repeat(100))
  assert.deepEqual(
    checkLedger(folder).map(({ state }) => state),
    ['wrong'],
  )
})

test('a shared Redis is checked with its actual settings', async () => {
  const redis = server.connect()
  const environment = { ...process.env, REDIS_URL: server.url, SCRIPTORIUM_PREFIX: 'doctor' }
  const before = await runChecks(undefined, environment)
  assert.equal(stateOf(before, 'redis eviction'), 'ok')
  assert.equal(stateOf(before, 'redis persistence'), 'warning')
  assert.equal(stateOf(before, 'aggregator'), 'warning')
  await redis.config('SET', 'maxmemory', '1gb')
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  assert.equal(stateOf(await runChecks(undefined, environment), 'redis eviction'), 'wrong')
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
})

test('an unreachable Redis is an error with exit code 9', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(repository, 'scripts/scriptorium.js'), 'doctor', '--json'],
    { env: { ...process.env, REDIS_URL: 'unix:///nowhere/redis.sock' }, encoding: 'utf8' },
  )
  assert.equal(status, 9)
  const { checks }: { checks: Check[] } = JSON.parse(stdout)
  assert.equal(stateOf(checks, 'redis'), 'wrong')
})

test('running services are named, and so is the holder of the ledger', async (t) => {
  const scene = createScene(t)
  const { data, environment, startAggregator, startFleet } = await createServices(scene)
  const aggregator = startAggregator()
  startFleet()
  await aggregator.until('it serves', () => aggregator.stderr().includes('"msg":"ready"'))
  const doctor = () => startProgram('scripts/scriptorium.js', ['doctor'], { environment }).ended
  await aggregator.until('both workers are seen', async () =>
    /^ok +workers at work +2 on /m.test((await doctor()).stdout),
  )
  const { code, stdout } = await doctor()
  assert.equal(code, 0, stdout)
  assert.match(stdout, new RegExp(`^ok +aggregator +process ${aggregator.pid} on `, 'm'))
  assert.match(stdout, new RegExp(`^ok +lease +process ${aggregator.pid} on .* in ${data}$`, 'm'))
  assert.match(stdout, new RegExp(`^ok +ledger .*held by process ${aggregator.pid} on`, 'm'))
})
