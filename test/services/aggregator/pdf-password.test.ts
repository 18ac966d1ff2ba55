import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createPdfPasswords } from '../../../services/aggregator/pdf-password.ts'
import { createKeys, ttl } from '../../../shared/keys.ts'
import { startPrivateRedis } from '../../helpers/private-redis.ts'
import { makeRun } from '../../helpers/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const keys = createKeys('passwords')
const pdfPasswordOf = createPdfPasswords(redis, keys)

test('the password of a run is there as long as the run lasts', async () => {
  const run = makeRun({ runId: 'r1', hasPdfPassword: true })
  await redis.set(keys.secret('r1'), 'heron', 'EX', ttl.secret)
  assert.equal(await pdfPasswordOf(run), 'heron')
  await redis.del(keys.secret('r1'))
  assert.equal(await pdfPasswordOf(run), undefined)
})

test('of a run that came with none nothing is asked for', async () => {
  await redis.set(keys.secret('r2'), 'of somebody else')
  assert.equal(await pdfPasswordOf(makeRun({ runId: 'r2' })), undefined)
})
