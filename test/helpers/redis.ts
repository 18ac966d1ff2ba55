import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Scene } from './scene.ts'

/** A Redis of the test's own: nothing else may use it, so it may be wiped and killed. */
export interface PrivateRedis {
  url: string
  /** A connection to it, closed with the scene. */
  connection: Redis
}

/** Starts a Redis that keeps nothing on disk and ends with its owner. */
export async function startPrivateRedis({
  folder,
  environment,
  defer,
}: Scene): Promise<PrivateRedis> {
  const home = mkdtempSync(join(folder, 'redis-'))
  const socket = join(home, 'redis.sock')
  const server = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', home],
    { env: environment, stdio: 'ignore' },
  )
  const ended = once(server, 'exit')
  const connection = new Redis(socket, {
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  })
  connection.on('error', () => undefined) // It is refused until the server is up.
  defer(async () => {
    connection.disconnect()
    server.kill('SIGKILL')
    await ended
  })
  await connection.ping()
  return { url: `unix://${socket}`, connection }
}
