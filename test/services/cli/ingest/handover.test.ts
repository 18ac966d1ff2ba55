import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { createPdfPasswords } from '../../../../shared/redis/pdf-passwords.ts'
import { createHandover } from '../../../../services/cli/ingest/handover.ts'
import { createCommandReader } from '../../../../shared/redis/commands.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { freeLease } from '../../../helpers/processes/lease.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeRequest } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const reading = server.connect()
const paths = Array.from({ length: 150 }, (_, index) => `${index}.png`)
const long = 600_000
let scenes = 0

/** A run that is handed over by an ingest with little patience, and the aggregator's end of it. */
function setUp(_t: TestContext, given = {}, failure: () => Error | undefined = () => undefined) {
  scenes += 1
  const keys = createKeys(`h${scenes}`)
  const told: string[] = []
  const pdfPasswords = createPdfPasswords(redis, keys, { SCRIPTORIUM_SECRET: 'a key of the test' })
  const request = makeRequest({ pathsInRedis: true, pathCount: paths.length, inputs: [] })
  const handover = createHandover({
    services: { redis, keys, pdfPasswords, where: 'the aggregator of a test', failure },
    request,
    paths,
    pdfPassword: 'open sesame',
    tell: (line) => void told.push(line),
    patience: { askAgainMs: 0, tellMs: long, leaveMs: long, giveUpMs: long, ...given },
  })
  const reader = createCommandReader(reading, keys, freeLease(redis))
  /** The kinds of the sent commands, which count as done then. */
  const take = async (): Promise<string[]> => {
    const taken = await reader.next(1)
    for (const { id } of taken) await reader.forget(id)
    return taken.map(({ command }) => (command instanceof Error ? 'error' : command.kind))
  }
  return { keys, pdfPasswords, told, handover, take }
}

test('a run is handed over with its path list and its password, each once', async (t) => {
  const { keys, pdfPasswords, handover, take } = setUp(t)
  await handover.begin()
  await handover.begin()
  assert.deepEqual(await redis.lrange(keys.paths('r1'), 0, -1), paths)
  assert.equal(await pdfPasswords.of('r1'), 'open sesame')
  assert.ok((await redis.ttl(keys.paths('r1'))) > 0)
  assert.deepEqual(await take(), ['start', 'start'])
})

test('a run without progress is handed over again, unless its command is still queued', async (t) => {
  const { keys, handover, take } = setUp(t)
  await handover.begin()
  await handover.look(false)
  assert.deepEqual(await take(), ['start'], 'the aggregator has not come to it yet')
  await redis.del(keys.paths('r1'))
  await handover.look(false) // It has ended, but its end is not visible.
  assert.equal(await redis.llen(keys.paths('r1')), paths.length)
  await redis.del(keys.commands)
  await handover.look(false)
  assert.deepEqual(await take(), ['start'], 'Redis had lost it')
})

test('a run with progress is left alone', async (t) => {
  const { handover, take } = setUp(t, { askAgainMs: 50 })
  await handover.begin()
  assert.deepEqual(await take(), ['start'])
  for (let look = 0; look < 5; look += 1) await handover.look(true)
  assert.deepEqual(await take(), [])
})

test('the end of a run is requested until it arrives, even if Redis lost the run', async (t) => {
  const { keys, handover, take } = setUp(t)
  await handover.begin()
  assert.deepEqual(await take(), ['start'])
  handover.end()
  await handover.look(true)
  await handover.look(true)
  await redis.del(keys.commands)
  await handover.look(true)
  assert.deepEqual(await take(), ['interrupt'], 'once for each time that it was lost')
  await handover.look(false)
  assert.deepEqual(await take(), ['start', 'interrupt'])
})

test('the absence of the aggregator is reported, and so is its return', async (t) => {
  const { handover, told } = setUp(t, { tellMs: 0 })
  await handover.begin()
  await handover.look(false)
  await handover.look(false)
  await handover.look(true)
  assert.deepEqual(told, [
    'No answer from the aggregator of a test; waiting.',
    'It answers again; the run continues.',
  ])
})

test('the wait for an aggregator is bounded, and shorter during a stop', async (t) => {
  const { handover } = setUp(t, { giveUpMs: 0 })
  await assert.rejects(handover.look(false), { code: 'aggregator_missing', exitCode: 3 })
  const leaving = setUp(t, { leaveMs: 0 })
  await leaving.handover.look(false)
  leaving.handover.end()
  await assert.rejects(leaving.handover.look(false), { code: 'aggregator_missing' })
})

test('commands that a full Redis rejects are retried', async (t) => {
  const { handover, take } = setUp(t)
  await redis.config('SET', 'maxmemory', '1')
  t.after(() => redis.config('SET', 'maxmemory', '0'))
  await handover.begin()
  await redis.config('SET', 'maxmemory', '0')
  assert.deepEqual(await take(), [])
  await handover.look(false)
  assert.deepEqual(await take(), ['start'])
})

test('the wait for an unreachable Redis is bounded', async (t) => {
  const never = new Promise<never>(() => undefined)
  const { handover, told } = setUp(t, { tellMs: 0, giveUpMs: 0 })
  await assert.rejects(handover.answer(never), { code: 'redis_unreachable', exitCode: 3 })
  assert.equal(told.length, 1)
  assert.equal(await handover.answer(Promise.resolve(7)), 7)
})

test('services that cannot continue end the wait, also for an unreachable Redis', async (t) => {
  let failure: Error | undefined
  const { handover } = setUp(t, {}, () => failure)
  const waiting = handover.answer(new Promise<never>(() => undefined))
  waiting.catch(() => undefined)
  failure = new Error('a language is missing')
  await assert.rejects(waiting, /a language is missing/)
})
