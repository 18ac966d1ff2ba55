import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Accepted, Submission } from '../../../services/api/accept.ts'
import { settleIdempotency } from '../../../services/api/idempotency.ts'
import type { Received } from '../../../services/api/spool/store.ts'
import { createKeys } from '../../../shared/keys.ts'
import { startPrivateRedis } from '../../helpers/private-redis.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const keys = createKeys('idempotency')

const fileOf = (sha256: string): Received => ({
  sha256,
  name: `${sha256}.png`,
  bytes: 1,
  mediaType: 'image/png',
  keep: async () => undefined,
  drop: async () => undefined,
})
const submissionOf = (given: Partial<Submission> = {}): Submission => ({
  received: [fileOf('aa')],
  options: {},
  requestId: 'q',
  caller: 'scanner',
  ...given,
})

/** Settles a submission; `taken` counts how often it was really taken in. */
async function settle(key: string | undefined, given: Partial<Submission> = {}) {
  let taken = 0
  const accepted = await settleIdempotency({ redis, keys }, { key, ...submissionOf(given) }, () => {
    taken += 1
    const documents = [{ id: 'd1', name: 'a.png', isKnown: false, pass: 1 }]
    return Promise.resolve<Accepted>({ runId: `r${Math.random()}`, documents })
  })
  return { accepted, taken }
}

test('without a key each upload is one of its own', async () => {
  assert.equal((await settle(undefined)).taken, 1)
  assert.equal((await settle(undefined)).taken, 1)
})

test('a key gives back what it stood for first', async () => {
  const first = await settle('k1')
  const again = await settle('k1')
  assert.deepEqual([first.taken, again.taken], [1, 0])
  assert.equal(again.accepted.runId, first.accepted.runId)
  assert.deepEqual(again.accepted.documents, first.accepted.documents)
})

test('a key with other files, their order or other options is a conflict', async () => {
  await settle('k2', { received: [fileOf('aa'), fileOf('bb')], options: { tag: 't' } })
  const others: Partial<Submission>[] = [
    { received: [fileOf('aa')], options: { tag: 't' } },
    { received: [fileOf('bb'), fileOf('aa')], options: { tag: 't' } },
    { received: [fileOf('aa'), fileOf('bb')], options: { tag: 'other' } },
    { received: [fileOf('aa'), fileOf('bb')] },
  ]
  for (const given of others) {
    await assert.rejects(settle('k2', given), { code: 'idempotency_conflict' })
  }
})

test('each caller has keys of its own, and they go after a day', async () => {
  await settle('k3', { caller: 'one' })
  assert.equal((await settle('k3', { caller: 'two' })).taken, 1)
  const names = await redis.keys('idempotency:idempotency:one:*')
  const seconds = await redis.ttl(names[0] ?? '')
  assert.ok(seconds > 86_000 && seconds <= 86_400, String(seconds))
})

test('an upload that failed leaves its key free', async () => {
  const failing = settleIdempotency({ redis, keys }, { key: 'k4', ...submissionOf() }, () =>
    Promise.reject(new Error('the disk is full')),
  )
  await assert.rejects(failing, /the disk is full/)
  assert.equal((await settle('k4')).taken, 1)
})
