import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { commandState, createCommandReader, sendCommand } from '../../../shared/redis/commands.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import { freeLease } from '../../helpers/processes/lease.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { makeRequest } from '../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const reading = server.connect()
const lease = freeLease(redis)

const start: Command = { kind: 'start', request: makeRequest() }
const interrupt: Command = { kind: 'interrupt', runId: 'r1' }

test('commands arrive in order and stay until they are deleted', async () => {
  const keys = createKeys('stay')
  await sendCommand(redis, keys, start)
  await sendCommand(redis, keys, interrupt)
  const reader = createCommandReader(reading, keys, lease)
  const taken = await reader.next(1)
  assert.deepEqual(
    taken.map(({ command }) => command),
    [start, interrupt],
  )
  assert.deepEqual(await createCommandReader(reading, keys, lease).next(1), taken)
  await reader.forget(taken[0]?.id ?? '')
  assert.deepEqual(
    (await reader.next(1)).map(({ command }) => command),
    [interrupt],
  )
})

test('a sender distinguishes a completed command from one that Redis lost', async () => {
  const keys = createKeys('state')
  const id = await sendCommand(redis, keys, interrupt)
  assert.equal(await commandState(redis, keys, id), 'waiting')
  await createCommandReader(reading, keys, lease).forget(id)
  assert.equal(await commandState(redis, keys, id), 'done')
  const lost = await sendCommand(redis, keys, interrupt)
  await redis.del(keys.commands)
  assert.equal(await commandState(redis, keys, lost), 'lost')
  assert.equal(await commandState(redis, keys, ''), 'lost')
})

test('a new command wakes a waiting reader', async () => {
  const keys = createKeys('wait')
  const waiting = createCommandReader(reading, keys, lease).next(30_000)
  await sendCommand(redis, keys, interrupt)
  assert.deepEqual((await waiting)[0]?.command, interrupt)
})

test('a read without commands returns none', async () => {
  assert.deepEqual(await createCommandReader(reading, createKeys('none'), lease).next(1), [])
})

test('a malformed command is returned as an error that can be deleted', async () => {
  const keys = createKeys('bad')
  await redis.xadd(keys.commands, '*', 'c', '{"kind":"dance"}')
  await redis.xadd(keys.commands, '*', 'c', '{')
  await sendCommand(redis, keys, interrupt)
  const reader = createCommandReader(reading, keys, lease)
  const taken = await reader.next(1)
  assert.deepEqual(
    taken.map(({ command }) => command instanceof Error),
    [true, true, false],
  )
  for (const { id } of taken) await reader.forget(id)
  assert.deepEqual(await reader.next(1), [])
})

test('a start command of a newer version yields its run id, so that the run can be rejected', async () => {
  const keys = createKeys('newer')
  const command = { kind: 'start', request: { runId: 'r9', newer: true } }
  await redis.xadd(keys.commands, '*', 'c', JSON.stringify(command))
  const [taken] = await createCommandReader(reading, keys, lease).next(1)
  assert.ok(taken?.command instanceof Error)
  assert.equal(taken.runId, 'r9')
})
