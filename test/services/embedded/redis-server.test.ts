import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startRedisServer } from '../../../services/embedded/redis-server.ts'
import { connectPromptly } from '../../../shared/redis.ts'
import { runScript } from '../../helpers/child.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { waitFor } from '../../helpers/wait.ts'

const searchPath = process.env['PATH'] ?? ''
const owner = join(import.meta.dirname, '../../fixtures/processes/redis-owner.ts')
const pidOf = (info: string): number => Number(/^process_id:(\d+)/m.exec(info)?.[1])

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a Redis of our own refuses to forget jobs, and is gone once it is stopped', async (t) => {
  const folder = join(makeFolder(t), 'redis')
  const server = startRedisServer({ folder, searchPath, onGivenUp: () => undefined })
  t.after(() => server.stop())
  const redis = await connectPromptly(server.url)
  t.after(() => redis.disconnect())
  assert.match(await redis.info(), /maxmemory_policy:noeviction/)
  const pid = pidOf(await redis.info())
  redis.disconnect()
  await server.stop()
  assert.equal(isAlive(pid), false)
  assert.equal(existsSync(server.url.replace('unix://', '')), false)
})

test('a Redis that is killed comes back with what it held', async (t) => {
  const folder = makeFolder(t)
  const server = startRedisServer({ folder, searchPath, onGivenUp: () => undefined })
  t.after(() => server.stop())
  const redis = await connectPromptly(server.url)
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

test('a Redis ends with the process that started it, even by SIGKILL', async (t) => {
  const child = runScript(t, owner, [makeFolder(t)])
  await child.says('redis ')
  const pid = Number(/redis (\d+)/.exec(child.output())?.[1])
  assert.ok(isAlive(pid))
  child.process.kill('SIGKILL')
  await waitFor('the orphan has ended', () => !isAlive(pid))
})

test('without any Redis the error names the cure', (t) => {
  const folder = makeFolder(t)
  assert.throws(
    () => startRedisServer({ folder, searchPath: folder, onGivenUp: () => undefined }),
    { code: 'redis_missing', message: /apt-get install redis-server.*dnf.*brew.*REDIS_URL/ },
  )
})
