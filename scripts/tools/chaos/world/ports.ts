import { once } from 'node:events'
import { createServer } from 'node:net'
import { systemCode } from '../../../../shared/process/errors.ts'

/** Below the ephemeral ports of connections: a restarted service finds its port still free. */
const lowest = 20_000
const count = 12_000

/** A free port of this machine, for a service that keeps it over restarts. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (thrown) {
      if (systemCode(thrown) === 'EADDRINUSE') continue
      throw thrown
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
