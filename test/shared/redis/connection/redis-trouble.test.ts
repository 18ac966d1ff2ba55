import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { toError } from '../../../../shared/process/errors.ts'
import {
  isRedisTrouble,
  isRefusal,
  untilTaken,
} from '../../../../shared/redis/connection/redis-trouble.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const control = server.connect()

const refusalOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => toError(thrown),
  )

test('a full Redis and a replica are refusals; an error in the command itself is not', async () => {
  await control.config('SET', 'maxmemory', '1mb')
  const full = await refusalOf(redis.set('a', '1'))
  const inTransaction = await refusalOf(redis.multi().set('a', '1').exec())
  const inScript = await refusalOf(redis.eval(`redis.call('SET', 'a', '1')`, 0))
  await control.config('SET', 'maxmemory', '0')
  await control.replicaof('127.0.0.1', 1)
  const replica = await refusalOf(redis.set('a', '1'))
  await control.replicaof('NO', 'ONE')
  for (const error of [full, inTransaction, inScript, replica]) {
    assert.ok(isRefusal(error), error.message)
  }
  await redis.set('a', 'text')
  assert.ok(!isRedisTrouble(await refusalOf(redis.lpush('a', '1'))))
  assert.ok(!isRedisTrouble(new Error('OOM in the engine')))
})

test('a pipeline cut in the middle counts as an outage of Redis', async () => {
  const own = server.connect()
  const id = await own.client('ID')
  // The first answer arrives, the rest is cut: whether it was taken is unknown.
  const going = own.pipeline().set('a', '1').blpop('none', 60).set('b', '1').exec()
  const isBlocked = async () => (await control.info('clients')).includes('blocked_clients:1')
  await waitFor('it waits for the second', isBlocked)
  await control.client('KILL', 'ID', id)
  const errors = ((await going) ?? []).flatMap(([error]) => error ?? [])
  assert.ok(errors.length > 0)
  for (const error of errors) assert.ok(isRedisTrouble(error), error.message)
})

test('refused commands are retried until they succeed, and reported', async () => {
  await control.config('SET', 'maxmemory', '1mb')
  let troubles = 0
  const taken = untilTaken(() => redis.set('b', '1'), {
    onTrouble() {
      troubles += 1
      void control.config('SET', 'maxmemory', '0')
    },
  })
  assert.equal(await taken, 'OK')
  assert.ok(troubles > 0)
})

test('other errors are thrown immediately', async () => {
  let calls = 0
  const work = async (): Promise<never> => {
    calls += 1
    throw new Error('no such page')
  }
  await assert.rejects(untilTaken(work), /no such page/)
  assert.equal(calls, 1)
})

test('an abort signal ends the wait for Redis', async () => {
  await control.config('SET', 'maxmemory', '1mb')
  const stopping = new AbortController()
  const onTrouble = (): void => stopping.abort()
  const waiting = untilTaken(() => redis.set('c', '1'), { signal: stopping.signal, onTrouble })
  await assert.rejects(waiting, /OOM/)
  await control.config('SET', 'maxmemory', '0')
})
