import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createCommandReader, sendCommand } from '../../shared/commands.ts'
import { createKeys } from '../../shared/keys.ts'
import type { Command } from '../../shared/messages.ts'
import { startPrivateRedis } from '../helpers/private-redis.ts'
import { makeRequest } from '../helpers/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const reading = server.connect()

const start: Command = { kind: 'start', request: makeRequest() }
const interrupt: Command = { kind: 'interrupt', runId: 'r1' }

test('commands come in order and stay until they are forgotten', async () => {
  const keys = createKeys('stay')
  await sendCommand(redis, keys, start)
  await sendCommand(redis, keys, interrupt)
  const reader = createCommandReader(reading, keys)
  const taken = await reader.next(1)
  assert.deepEqual(
    taken.map(({ command }) => command),
    [start, interrupt],
  )
  assert.deepEqual(await createCommandReader(reading, keys).next(1), taken)
  await reader.forget(taken[0]?.id ?? '')
  assert.deepEqual(
    (await reader.next(1)).map(({ command }) => command),
    [interrupt],
  )
})

test('a command that is sent while the reader waits ends its waiting', async () => {
  const keys = createKeys('wait')
  const waiting = createCommandReader(reading, keys).next(30_000)
  await sendCommand(redis, keys, interrupt)
  assert.deepEqual((await waiting)[0]?.command, interrupt)
})

test('without commands the reader comes back with none', async () => {
  assert.deepEqual(await createCommandReader(reading, createKeys('none')).next(1), [])
})

test('what is not a command comes out as an error that can be forgotten', async () => {
  const keys = createKeys('bad')
  await redis.xadd(keys.commands, '*', 'c', '{"kind":"dance"}')
  await redis.xadd(keys.commands, '*', 'c', '{')
  await sendCommand(redis, keys, interrupt)
  const reader = createCommandReader(reading, keys)
  const taken = await reader.next(1)
  assert.deepEqual(
    taken.map(({ command }) => command instanceof Error),
    [true, true, false],
  )
  for (const { id } of taken) await reader.forget(id)
  assert.deepEqual(await reader.next(1), [])
})
