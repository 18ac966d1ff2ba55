import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startRedisServer } from '../../../services/embedded/redis-server.ts'
import { connectPromptly } from '../../../shared/redis/connection/redis.ts'
import { runScript } from '../../helpers/processes/child.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { patienceMs, waitFor } from '../../helpers/wait.ts'
import { repository } from '../../helpers/processes/processes.ts'

const searchPath = process.env['PATH'] ?? ''
const owner = join(repository, 'test/fixtures/processes/redis-owner.ts')
const pidOf = (info: string): number => Number(/^process_id:(\d+)/m.exec(info)?.[1])

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('the embedded Redis has noeviction, and is gone after the stop', async (t) => {
  const folder = join(makeFolder(t), 'redis')
  const server = startRedisServer({ folder, searchPath })
  t.after(() => server.stop())
  const redis = await connectPromptly(server.url, patienceMs)
  t.after(() => redis.disconnect())
  assert.match(await redis.info(), /maxmemory_policy:noeviction/)
  const pid = pidOf(await redis.info())
  redis.disconnect()
  await server.stop()
  assert.equal(isAlive(pid), false)
  assert.equal(existsSync(server.url.replace('unix://', '')), false)
})

test('a killed Redis is restarted with its data', async (t) => {
  const folder = makeFolder(t)
  const server = startRedisServer({ folder, searchPath })
  t.after(() => server.stop())
  const redis = await connectPromptly(server.url, patienceMs)
  t.after(() => redis.disconnect())
  await redis.set('kept', 'yes')
  const pid = pidOf(await redis.info())
  await redis.config('SET', 'appendfsync', 'always')
  await redis.set('and', 'this')
  process.kill(pid, 'SIGKILL')
  await waitFor('another Redis answers', async () => {
    const now = pidOf(await redis.info().catch(() => ''))
    return now > 0 && now !== pid
  })
  assert.equal(await redis.get('and'), 'this')
})

test('a Redis that cannot read its file starts empty and reports it', async (t) => {
  const folder = makeFolder(t)
  const first = startRedisServer({ folder, searchPath })
  const writing = await connectPromptly(first.url, patienceMs)
  for (let n = 0; n < 100; n += 1) await writing.set(`key ${n}`, 'something to damage')
  writing.disconnect()
  await first.stop()
  const files = join(folder, 'appendonlydir')
  const name = readdirSync(files).find((file) => file.includes('.incr.'))
  assert.ok(name)
  const half = Math.floor(statSync(join(files, name)).size / 2)
  const file = openSync(join(files, name), 'r+')
  writeSync(file, '#'.repeat(1_000), half)
  closeSync(file)

  const said: (string | undefined)[] = []
  const second = startRedisServer({
    folder,
    searchPath,
    onDeath: (_death, lastWords) => void said.push(lastWords),
  })
  t.after(() => second.stop())
  const redis = await connectPromptly(second.url, patienceMs)
  t.after(() => redis.disconnect())
  assert.equal(await redis.dbsize(), 0)
  assert.match(said[0] ?? '', /^Bad file format/)
  assert.ok(existsSync(join(folder, 'appendonlydir.unreadable', name)))
})

test('Redis ends with its parent process, even after SIGKILL', async (t) => {
  const child = runScript(t, owner, [makeFolder(t)])
  await child.says('redis ')
  const pid = Number(/redis (\d+)/.exec(child.output())?.[1])
  assert.ok(isAlive(pid))
  child.process.kill('SIGKILL')
  await waitFor('the orphan has ended', () => !isAlive(pid))
})

test('without an installed Redis the error names the cure', (t) => {
  const folder = makeFolder(t)
  assert.throws(() => startRedisServer({ folder, searchPath: folder }), {
    code: 'redis_missing',
    message: /apt-get install redis-server.*dnf.*brew.*REDIS_URL/,
  })
})
