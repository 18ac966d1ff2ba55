import assert from 'node:assert/strict'
import { openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { causeOf, explain } from '../../../shared/process/causes.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { bands } from '../../../shared/redis/fair-turns.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import { connectForAnswers } from '../../../shared/redis/connection/redis.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { silent, startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { makeJob } from '../../helpers/ledger/records.ts'

/** The code of the error that `work` throws. */
async function codeOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work()
  } catch (thrown) {
    return causeOf(thrown)?.code
  }
  return 'nothing was thrown'
}

test('a Redis without memory is redis_full, whatever wraps its answer', async (t) => {
  const server = await startPrivateRedis()
  t.after(() => server.close())
  const redis = await connectForAnswers(server.url, silent)
  t.after(() => redis.disconnect())
  const queue = createPageQueue(redis, createKeys('causes'))
  t.after(() => queue.close())
  await redis.config('SET', 'maxmemory', '1')
  const add = () =>
    queue.add([{ jobId: 'a', job: makeJob(), band: bands.interactive, caller: 'tester' }])
  const works = [
    () => redis.set('a', 'b'),
    () => redis.multi().set('a', 'b').exec(),
    add,
    () => queue.pause(),
  ]
  for (const work of works) assert.equal(await codeOf(work), 'redis_full', String(work))
})

test('a Redis that is unreachable, a replica or refuses the login is redis_unreachable', async (t) => {
  const server = await startPrivateRedis()
  t.after(() => server.close())
  const redis = await connectForAnswers(server.url, silent)
  t.after(() => redis.disconnect())
  await redis.replicaof('127.0.0.1', 1)
  assert.equal(await codeOf(() => redis.set('a', 'b')), 'redis_unreachable')
  redis.disconnect()
  assert.equal(await codeOf(() => redis.get('a')), 'redis_unreachable')
  const answer = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' })
  for (const message of ['LOADING Redis is loading', 'WRONGPASS invalid', 'NOAUTH required']) {
    assert.equal(causeOf(answer(message))?.code, 'redis_unreachable')
  }
  assert.equal(causeOf(answer('MISCONF Errors writing to the AOF file'))?.code, 'redis_full')
  assert.equal(causeOf(answer('WRONGTYPE Operation against a key'))?.code, undefined)
})

test('SQLite errors about its file are distinguished from programming errors', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'a.sqlite')
  const database = new DatabaseSync(file)
  database.exec('CREATE TABLE a (b); PRAGMA max_page_count = 3')
  const fill = () => {
    for (;;) database.exec(`INSERT INTO a VALUES (zeroblob(3000))`)
  }
  assert.equal(await codeOf(fill), 'disk_full')
  database.exec('BEGIN EXCLUSIVE')
  const other = new DatabaseSync(file, { timeout: 1 })
  assert.equal(await codeOf(() => other.exec('BEGIN IMMEDIATE')), 'ledger_unavailable')
  other.close()
  assert.equal(await codeOf(() => other.exec('SELECT 1')), 'ledger_unavailable')
  assert.equal(await codeOf(() => database.exec('SELECT c FROM a')), undefined)
  database.close()
  const damaged = join(folder, 'b.sqlite')
  writeFileSync(damaged, 'no database '.repeat(1_000))
  const open = (path: string) => () =>
    new DatabaseSync(path, { readOnly: true }).exec('PRAGMA user_version')
  assert.equal(await codeOf(open(damaged)), 'ledger_unavailable')
  assert.equal(await codeOf(open(join(folder, 'missing.sqlite'))), 'ledger_unavailable')
})

test('a full or failing disk is distinguished from a missing file', async () => {
  const full = openSync('/dev/full', 'w')
  assert.equal(await codeOf(() => writeSync(full, 'a')), 'disk_full')
  assert.equal(await codeOf(() => openSync('/nowhere', 'r')), undefined)
  const failed = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })
  assert.equal(causeOf(failed)?.code, 'storage_unavailable')
})

test('a cause is found in wrapped errors, and an unknown error is internal', () => {
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  const wrapped = new Error('outer', { cause: new AggregateError([new Error('first'), full]) })
  assert.equal(explain(wrapped).code, 'disk_full')
  assert.equal(explain(wrapped).cause, wrapped)
  assert.equal(explain('text').code, 'internal')
  const own = new ScriptoriumError('cancelled', 'was cancelled')
  assert.equal(explain(own), own)
  const round = new Error('round')
  round.cause = round
  assert.equal(explain(round).code, 'internal')
})
