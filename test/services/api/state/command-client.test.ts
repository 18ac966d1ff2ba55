import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createCommandClient } from '../../../../services/api/state/command-client.ts'
import { createCommandReader } from '../../../../shared/redis/commands.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import type { Command } from '../../../../shared/contract/messages/command.ts'
import { freeLease } from '../../../helpers/processes/lease.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const reading = server.connect()
const cancel: Command = { kind: 'cancelRun', runId: 'r1' }

test('a command that Redis loses is sent again, and not reported as done', async () => {
  const keys = createKeys('lost')
  const reader = createCommandReader(reading, keys, freeLease(redis))
  let isDone = false
  const asked = createCommandClient(redis, keys)(cancel).then(() => (isDone = true))
  await waitFor('it is asked', async () => (await redis.xlen(keys.commands)) === 1)
  await redis.del(keys.commands)
  const [again] = await reader.next(30_000)
  assert.equal(isDone, false)
  assert.deepEqual(again?.command, cancel)
  await reader.forget(again?.id ?? '')
  await asked
  assert.deepEqual(await reader.next(1), [])
})
