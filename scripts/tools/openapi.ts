import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildApp } from '../../services/api/app.ts'
import { createContext } from '../../services/api/context.ts'
import { startRedisServer } from '../../services/embedded/redis-server.ts'
import { apiSchema, readConfig } from '../../shared/process/config.ts'
import { createLogger } from '../../shared/process/logger.ts'
import { connectPromptly } from '../../shared/redis/connection/redis.ts'
import { makeTemporaryFolder } from '../../shared/files/temporary-folder.ts'
import { packageRoot } from '../../shared/files/package-root.ts'

/** Writes the server's own description to docs/openapi.json, or to FILE; a test fails while the two differ. */
const file = process.argv[2] ?? join(packageRoot, 'docs/openapi.json')
const { path: folder, remove } = makeTemporaryFolder('openapi')
// The server is built from its real parts, which need a Redis: a private one that gets no commands.
const server = startRedisServer({ folder, searchPath: process.env['PATH'] ?? '' })
try {
  const redis = await connectPromptly(server.url)
  const { context, close } = createContext({
    config: readConfig(apiSchema, { SCRIPTORIUM_DATA: folder }),
    redis,
    log: createLogger('openapi', 'silent'),
    stopping: new AbortController().signal,
  })
  const app = await buildApp(context)
  await app.ready()
  writeFileSync(file, `${JSON.stringify(app.swagger(), null, 2)}\n`)
  await app.close()
  await close()
  redis.disconnect()
} finally {
  await server.stop()
  remove()
}
process.stdout.write(`${file} is written\n`)
