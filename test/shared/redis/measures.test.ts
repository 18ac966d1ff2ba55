import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fields } from '../../../shared/contract/measures.ts'
import { createKeys, ttl } from '../../../shared/redis/keys.ts'
import { createMeasures, readMeasures } from '../../../shared/redis/measures.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'

const server = await startPrivateRedis({ folder: makeFolder({ after }) })
after(() => server.close())
const redis = server.connect()
after(() => redis.disconnect())

test('the sums of all processes add up, and a process that dies takes nothing away', async () => {
  const keys = createKeys('sums')
  for (const seconds of [0.02, 3]) {
    const measures = createMeasures()
    measures.observe('stage', 'open', seconds)
    measures.count('retry', 'page_timeout')
    await measures.flush(redis, keys)
  }
  const found = await readMeasures(redis, keys)
  assert.deepEqual(Object.fromEntries(found), {
    [fields.counter('retry', 'page_timeout')]: 2,
    [fields.bucket('stage', 'open', 1)]: 1,
    [fields.bucket('stage', 'open', 8)]: 1,
    [fields.sum('stage', 'open')]: 3_020_000,
  })
  assert.ok((await redis.ttl(keys.measures)) > ttl.measures - 60)
})

test('a value on a bound belongs to its bucket, and one beyond all of them to the last', async () => {
  const keys = createKeys('bounds')
  const measures = createMeasures()
  measures.observe('commit', 'results', 0.001)
  measures.observe('commit', 'results', 60)
  await measures.flush(redis, keys)
  const found = await readMeasures(redis, keys)
  assert.equal(found.get(fields.bucket('commit', 'results', 0)), 1)
  assert.equal(found.get(fields.bucket('commit', 'results', 11)), 1)
})

test('each change is added once, and changes that Redis rejects are part of the next flush', async () => {
  const keys = createKeys('again')
  const measures = createMeasures()
  measures.count('replacement', 'pages')
  await redis.set(keys.measures, 'not a hash')
  await assert.rejects(measures.flush(redis, keys), /WRONGTYPE/)
  await redis.del(keys.measures)
  measures.count('replacement', 'pages')
  await measures.flush(redis, keys)
  await measures.flush(redis, keys)
  const field = fields.counter('replacement', 'pages')
  assert.deepEqual([...(await readMeasures(redis, keys))], [[field, 2]])
})
