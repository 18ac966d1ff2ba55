import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../shared/logger.ts'
import { connectPatiently, connectPromptly, type Redis } from '../../shared/redis.ts'

export const silent = createLogger('test', 'silent')

/** A Redis of a test file's own, on a unix socket, that keeps nothing. */
export async function startPrivateRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'scriptorium-test-'))
  const socket = join(folder, 'redis.sock')
  const url = `unix://${socket}`
  const server = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  )
  const connections: Redis[] = [await connectPromptly(url)]
  return {
    url,
    /** A connection of its own; `close` ends it. */
    connect(): Redis {
      const redis = connectPatiently(url, silent)
      connections.push(redis)
      return redis
    },
    async close(): Promise<void> {
      for (const redis of connections) redis.disconnect()
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
