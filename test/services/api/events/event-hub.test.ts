import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  createEventHub,
  isAfter,
  type StoredEvent,
} from '../../../../services/api/events/event-hub.ts'
import { createKeys, type Keys } from '../../../../shared/redis/keys.ts'
import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import { connectForAnswers } from '../../../../shared/redis/connection/redis.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const never = new AbortController().signal
let scenes = 0

function setUp(t: TestContext, connection: Redis = redis) {
  scenes += 1
  const keys = createKeys(`h${scenes}`)
  const troubles: unknown[] = []
  const created = createEventHub(connection, (thrown) => troubles.push(thrown))
  t.after(() => created.close())
  /** By run, as the routes use it. */
  const hub: typeof created = {
    ...created,
    tip: (runId) => created.tip(keys.events(runId)),
    next: (runId, ...rest) => created.next(keys.events(runId), ...rest),
    rest: (runId, from) => created.rest(keys.events(runId), from),
  }
  return { keys, hub, troubles }
}

const step = { type: 'page', documentId: 'd1', pagesTotal: 900, at: '2026-01-01T00:00:00Z' }

async function tell(keys: Keys, runId: string, page: number, to: Redis = redis): Promise<string> {
  const id = await to.xadd(keys.events(runId), '*', 's', JSON.stringify({ ...step, page }))
  return id ?? ''
}

const pagesOf = (events: readonly StoredEvent[]): (number | undefined)[] =>
  events.map((event) => event.step?.page)

/** All events after `after`, until this many have arrived. */
async function collect(
  hub: ReturnType<typeof createEventHub>,
  runId: string,
  after: string,
  count: number,
): Promise<StoredEvent[]> {
  const all: StoredEvent[] = []
  let place = after
  while (all.length < count) {
    const next = await hub.next(runId, place, 2_000, never)
    assert.notEqual(next.length, 0, `only ${all.length} of ${count} arrived`)
    all.push(...next)
    place = next.at(-1)?.id ?? place
  }
  return all
}

test('a watcher gets new events, and none from before its position', async (t) => {
  const { keys, hub } = setUp(t)
  await tell(keys, 'r', 1)
  const tip = await hub.tip('r')
  const waiting = hub.next('r', tip, 5_000, never)
  await tell(keys, 'r', 2)
  assert.deepEqual(pagesOf(await waiting), [2])
  assert.deepEqual(pagesOf(await hub.next('r', '0-0', 5_000, never)), [1, 2])
})

test('a run without events has a start position', async (t) => {
  const { keys, hub } = setUp(t)
  const tip = await hub.tip('new')
  const waiting = hub.next('new', tip, 5_000, never)
  await tell(keys, 'new', 1)
  assert.deepEqual(pagesOf(await waiting), [1])
})

test('a wait ends without events at its timeout, or at once when it is aborted', async (t) => {
  const { hub } = setUp(t)
  assert.deepEqual(await hub.next('r', '0-0', 50, never), [])
  const calling = new AbortController()
  const waiting = hub.next('r', '0-0', 60_000, calling.signal)
  calling.abort()
  assert.deepEqual(await waiting, [])
})

test('closing releases every watcher', async (t) => {
  const { hub } = setUp(t)
  const waiting = [hub.next('a', '0-0', 60_000, never), hub.next('b', '0-0', 60_000, never)]
  await turn()
  hub.close()
  assert.deepEqual(await Promise.all(waiting), [[], []])
})

test('many watchers at different positions of several streams each get all later events', async (t) => {
  const { keys, hub } = setUp(t)
  const runs = ['r1', 'r2', 'r3']
  const ids = new Map<string, string[]>(runs.map((run) => [run, []]))
  for (let page = 1; page <= 10; page += 1) {
    for (const run of runs) ids.get(run)?.push(await tell(keys, run, page))
  }
  const watchers = runs.flatMap((run) =>
    [0, 3, 3, 7, 9].map(async (begin) => {
      const after = begin === 0 ? '0-0' : (ids.get(run)?.[begin - 1] ?? '')
      const events = await collect(hub, run, after, 20 - begin)
      assert.deepEqual(
        pagesOf(events),
        Array.from({ length: 20 - begin }, (_, index) => begin + 1 + index),
        `${run} from ${begin}`,
      )
    }),
  )
  for (let page = 11; page <= 20; page += 1) {
    for (const run of runs) await tell(keys, run, page)
    await turn()
  }
  await Promise.all(watchers)
})

test('a long stream is delivered completely, in batches', async (t) => {
  const { keys, hub } = setUp(t)
  const pipeline = redis.pipeline()
  for (let page = 1; page <= 1_200; page += 1) {
    pipeline.xadd(keys.events('long'), '*', 's', JSON.stringify({ ...step, page }))
  }
  await pipeline.exec()
  const events = await collect(hub, 'long', '0-0', 1_200)
  assert.deepEqual(
    pagesOf(events),
    Array.from({ length: 1_200 }, (_, index) => index + 1),
  )
})

test('Redis is read only while there are watchers, with one command for all', async (t) => {
  const { keys, hub } = setUp(t)
  const reads = async (): Promise<number> => {
    const info = await redis.info('commandstats')
    return Number(/cmdstat_xread:calls=(\d+)/.exec(info)?.[1] ?? 0)
  }
  const before = await reads()
  const watchers = Array.from({ length: 50 }, () => hub.next('many', '0-0', 5_000, never))
  await waitFor('it is polled', async () => (await reads()) > before + 2)
  await tell(keys, 'many', 1)
  for (const events of await Promise.all(watchers)) assert.deepEqual(pagesOf(events), [1])
  const asked = (await reads()) - before
  assert.ok(asked < 20, `${asked} commands for 50 watchers`)
  const quiet = await reads()
  assert.deepEqual(await hub.next('many', '99999999999999-0', 300, never), [])
  const polled = (await reads()) - quiet
  assert.ok(polled <= 4, `${polled} in 300 ms`)
})

test('watchers survive a restart of Redis', async (t) => {
  const own = await startPrivateRedis()
  t.after(() => own.close())
  const connection = await connectForAnswers(own.url, silent)
  t.after(() => connection.disconnect())
  const { keys, hub } = setUp(t, connection)
  const other = own.connect()
  const first = await tell(keys, 'r', 1, other)
  const waiting = collect(hub, 'r', '0-0', 2)
  // The server closes every connection, like a restart; stored data stays.
  await other.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await waitFor('the connection is back', () => connection.status === 'ready')
  await tell(keys, 'r', 2, other)
  const events = await waiting
  assert.deepEqual(pagesOf(events), [1, 2])
  assert.equal(events[0]?.id, first)
})

test('an entry that cannot be parsed is skipped and blocks nobody', async (t) => {
  const { keys, hub, troubles } = setUp(t)
  await redis.xadd(keys.events('bad'), '*', 'e', '{"seq":"no number"}')
  const bad = hub.next('bad', '0-0', 5_000, never)
  const good = hub.next('good', '0-0', 5_000, never)
  await tell(keys, 'good', 1)
  assert.deepEqual(pagesOf(await good), [1])
  await tell(keys, 'bad', 2)
  assert.deepEqual(pagesOf(await bad), [2])
  assert.ok(troubles.length > 0)
})

test('stream ids are compared as numbers', () => {
  assert.ok(isAfter('10-0', '9-5'))
  assert.ok(isAfter('10-10', '10-9'))
  assert.ok(!isAfter('10-9', '10-9'))
  assert.ok(!isAfter('9-9', '10-0'))
})
