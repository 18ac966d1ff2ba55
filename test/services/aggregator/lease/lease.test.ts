import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { after, test, type TestContext } from 'node:test'
import { createLease, takeFolder } from '../../../../services/aggregator/lease/lease.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const never = new AbortController().signal
let scenes = 0

/** A prefix for which aggregators contend, each with a folder and a ledger. */
function setUp(t: TestContext) {
  scenes += 1
  const prefix = `l${scenes}`
  const claim = (folder: string, ledger = 'ledger-1') => {
    const lease = createLease({ redis, prefix, folder, ledger, log: silent })
    lease.lost.catch(() => undefined)
    t.after(() => lease.release())
    return lease
  }
  const makeLocked = (): string => {
    const folder = makeFolder(t)
    t.after(takeFolder(folder))
    return folder
  }
  const key = createKeys(prefix).lease
  const tokenNow = async (): Promise<number> => Number((await redis.get(key))?.split(' ')[0])
  return { key, claim, makeLocked, tokenNow }
}

test("the holder writes; a second aggregator is rejected with the holder's name", async (t) => {
  const { claim, makeLocked } = setUp(t)
  const folder = makeLocked()
  const first = claim(folder)
  await first.take(never)
  await first.write([['SET', 'written', 'by the first']])
  assert.equal(await redis.get('written'), 'by the first')
  const other = claim(makeLocked(), 'ledger-2')
  await assert.rejects(other.take(never), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`process ${process.pid} on .* another ledger in ${folder}`),
    )
    assert.match(error.message, /SCRIPTORIUM_PREFIX/)
    return 'exitCode' in error && error.exitCode === 9
  })
})

test('a copy of the ledger in another folder is rejected as a copy', async (t) => {
  const { claim, makeLocked } = setUp(t)
  const folder = makeLocked()
  await claim(folder).take(never)
  const copy = makeFolder(t)
  cpSync(folder, copy, { recursive: true })
  await assert.rejects(claim(copy).take(never), /a copy of this ledger/)
})

test('after a kill the same folder gets the lease at once, with a higher token', async (t) => {
  const { claim, makeLocked, tokenNow } = setUp(t)
  const folder = makeLocked()
  const dead = claim(folder)
  await dead.take(never)
  const token = await tokenNow()
  const next = claim(folder)
  const began = performance.now()
  await next.take(never)
  t.diagnostic(`taken after ${Math.round(performance.now() - began)} ms`)
  assert.ok((await tokenNow()) > token)
  await assert.rejects(dead.write([['SET', 'dead', '1']]), /is held by process/)
  assert.equal(await redis.exists('dead'), 0)
})

test('an unrenewed lease is waited for; a released one is taken at once', async (t) => {
  const { key, claim, makeLocked } = setUp(t)
  const dead = JSON.stringify({ from: 'another version' })
  await redis.set(key, `1 ${dead}`, 'PX', 1_500)
  const first = claim(makeLocked())
  await first.take(never)
  assert.equal(await redis.exists(key), 1)
  await first.release()
  const second = claim(makeLocked(), 'ledger-2')
  await second.take(never)
  await second.held()
})

test('an aggregator frozen during a takeover writes nothing, and is notified', async (t) => {
  const { key, claim, makeLocked } = setUp(t)
  const frozen = claim(makeLocked())
  await frozen.take(never)
  await redis.set('untouched', 'yes')
  await redis.del(key) // It ran out.
  const next = claim(makeLocked(), 'ledger-2')
  await next.take(never)
  await assert.rejects(frozen.write([['DEL', 'untouched']]), /is held by process/)
  assert.equal(await redis.get('untouched'), 'yes')
  await assert.rejects(frozen.lost, /another ledger/)
  await assert.rejects(frozen.held(), /another ledger/)
  await next.held()
})

test('after Redis was wiped the holder takes the lease again, and its writes continue', async (t) => {
  const { key, claim, makeLocked, tokenNow } = setUp(t)
  const lease = claim(makeLocked())
  await lease.take(never)
  const token = await tokenNow()
  await redis.del(key)
  await lease.write([['SET', 'after', 'the wipe']])
  assert.equal(await redis.get('after'), 'the wipe')
  assert.ok((await tokenNow()) > token)
})

test('the lease is renewed while its holder lives', async (t) => {
  const { key, claim, makeLocked } = setUp(t)
  await claim(makeLocked()).take(never)
  await redis.pexpire(key, 9_000)
  await waitFor('it is renewed', async () => (await redis.pttl(key)) > 10_000)
})

test('a full Redis grants the lease, and accepts commands that only free memory', async (t) => {
  const { claim, makeLocked } = setUp(t)
  await redis.set('big', 'x')
  await redis.config('SET', 'maxmemory', '1mb')
  try {
    const lease = claim(makeLocked())
    await lease.take(never)
    await assert.rejects(lease.write([['SET', 'more', 'x']]), /OOM/)
    await lease.write([['DEL', 'big']])
    assert.equal(await redis.exists('big'), 0)
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
})

test('scripts that Redis forgot are loaded again', async (t) => {
  const { claim, makeLocked } = setUp(t)
  const lease = claim(makeLocked())
  await lease.take(never)
  await redis.script('FLUSH')
  await lease.write([['SET', 'flushed', '1']])
  assert.equal(await redis.get('flushed'), '1')
})

test('an abort signal ends the wait for the lease', async (t) => {
  const { key, claim, makeLocked } = setUp(t)
  await redis.set(key, '1 {}', 'PX', 60_000)
  const stopping = new AbortController()
  const waiting = claim(makeLocked()).take(stopping.signal)
  stopping.abort()
  await waiting
  assert.equal(await redis.get(key), '1 {}')
})
