import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkKeys, readKeyTable } from '../../../../scripts/tools/chaos/checks/keys.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const table = readKeyTable(readFileSync(join(repository, 'docs/redis-keys.md'), 'utf8'))

const check = async (prefix: string): Promise<string[]> =>
  (await checkKeys(redis, prefix, table)).map(({ about }) => about)

test('every key that the code builds is in the table of docs/redis-keys.md', () => {
  const names = Object.values(createKeys('p')).map((key) =>
    typeof key === 'string' ? key : key('a', 'b', 'c'),
  )
  for (const name of names.map((key) => key.replace(/^p:/, ''))) {
    if (name === 'bull') continue // The keys below it are BullMQ's.
    const wanted = name === 'rate-limit:' ? 'rate-limit:x' : name
    assert.ok(
      table.some(({ pattern }) => pattern.test(wanted)),
      `${name} is in no row`,
    )
  }
})

test('keys without a TTL, leftover jobs and unknown keys are found', async (t) => {
  t.after(() => redis.flushall())
  await redis.set('p:done:j1', '1', 'EX', 60)
  await redis.xadd('p:results', '*', 'a', 'b')
  await redis.hset('p:bull:pages-1-4:meta', 'a', 'b')
  assert.deepEqual(await check('p'), [])
  await redis.set('p:done:j2', '1')
  await redis.hset('p:bull:pages-1-4:j3', 'a', 'b')
  await redis.set('p:stray', '1')
  const found = await check('p')
  assert.deepEqual(found.toSorted(), [
    'Redis key p:bull:pages-1-4:j3 is of a job that is no more',
    'Redis key p:done:j2 has no TTL',
    'Redis key p:stray is not in the table of docs/redis-keys.md',
  ])
})
