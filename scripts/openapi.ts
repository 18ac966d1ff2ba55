import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp } from '../services/api/app.ts'
import { createContext } from '../services/api/context.ts'
import { startRedisServer } from '../services/embedded/redis-server.ts'
import { apiSchema, readConfig } from '../shared/config.ts'
import { createLogger } from '../shared/logger.ts'
import { connectPromptly } from '../shared/redis.ts'

/** Writes what the server describes itself with to docs/openapi.json, or to FILE; a test fails while the two differ. */
const file = process.argv[2] ?? join(import.meta.dirname, '..', 'docs', 'openapi.json')
const folder = mkdtempSync(join(tmpdir(), 'scriptorium-openapi-'))
// The server is built from its real parts, and these want a Redis: a private one that is asked nothing.
const server = startRedisServer({
  folder,
  searchPath: process.env['PATH'] ?? '',
  onGivenUp: (reason) => process.stderr.write(`openapi: ${reason}\n`),
})
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
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`${file} is written\n`)
