import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { pdfPasswordsOf } from '../../../../services/outputs/publish/pdf-password.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { createPdfPasswords } from '../../../../shared/redis/pdf-passwords.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeRun } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const keys = createKeys('passwords')
const settings = { SCRIPTORIUM_SECRET: 'a key of the test' }
const passwords = createPdfPasswords(redis, keys, settings)
const pdfPasswordOf = pdfPasswordsOf(passwords)

test('the password of a run is kept as long as the run lasts', async () => {
  const run = makeRun({ runId: 'r1', hasPdfPassword: true })
  await passwords.keep('r1', 'heron')
  assert.equal(await pdfPasswordOf(run), 'heron')
  await redis.del(keys.secret('r1'))
  assert.equal(await pdfPasswordOf(run), undefined)
})

test('a run without a password asks for none', async () => {
  await redis.set(keys.secret('r2'), 'of somebody else')
  assert.equal(await pdfPasswordOf(makeRun({ runId: 'r2' })), undefined)
})

test('the password is encrypted in Redis, with a key that depends on the settings', async () => {
  await passwords.keep('r3', 'heron')
  const kept = String(await redis.get(keys.secret('r3')))
  assert.ok(!kept.includes('heron') && !Buffer.from(kept, 'base64').includes('heron'))
  const other = createPdfPasswords(redis, keys, { SCRIPTORIUM_SECRET: 'another key of a test' })
  assert.equal(await other.of('r3'), undefined)
})

test('without a secret the key derives from Redis’s password, and without that passwords are rejected', async () => {
  const url = 'redis://:from-the-address@127.0.0.1:6379'
  const before = createPdfPasswords(redis, keys, { REDIS_URL: url })
  await before.keep('r4', 'heron')
  assert.equal(await createPdfPasswords(redis, keys, { REDIS_URL: url }).of('r4'), 'heron')
  for (const open of [
    'redis://127.0.0.1:6379',
    'redis://:scriptorium@redis:6379',
    '/run/redis.sock',
    undefined,
  ]) {
    const none = createPdfPasswords(redis, keys, open === undefined ? {} : { REDIS_URL: open })
    await assert.rejects(none.keep('r5', 'heron'), { code: 'invalid_request' })
    assert.equal(await redis.exists(keys.secret('r5')), 0)
  }
})

test('a password stored by an earlier version still opens the PDFs of its run', async () => {
  await redis.set(keys.secret('r6'), 'heron')
  assert.equal(await passwords.of('r6'), 'heron')
})
