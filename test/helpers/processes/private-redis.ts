import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../../shared/process/logger.ts'
import {
  connectPatiently,
  connectPromptly,
  type Redis,
} from '../../../shared/redis/connection/redis.ts'
import { patienceMs } from '../wait.ts'

export const silent = createLogger('test', 'silent')

/**
 * A Redis of a test's own, on a unix socket, that keeps nothing: it may be wiped and killed. What a scene passes lets
 * the scene's end find it where it was left running.
 */
export async function startPrivateRedis({
  folder = tmpdir(),
  environment = process.env,
}: { folder?: string; environment?: NodeJS.ProcessEnv } = {}) {
  const home = mkdtempSync(join(folder, 'scriptorium-test-'))
  const socket = join(home, 'redis.sock')
  const url = `unix://${socket}`
  const server = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socket, '--dir', home, '--save', '', '--appendonly', 'no'],
    { env: environment, stdio: 'ignore' },
  )
  const ended = once(server, 'exit')
  const connections: Redis[] = [await connectPromptly(url, patienceMs)]
  return {
    url,
    /** A separate connection; `close` ends it. */
    connect(): Redis {
      const redis = connectPatiently(url, silent)
      connections.push(redis)
      return redis
    },
    async close(): Promise<void> {
      for (const redis of connections) redis.disconnect()
      server.kill('SIGKILL')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export type PrivateRedis = Awaited<ReturnType<typeof startPrivateRedis>>
