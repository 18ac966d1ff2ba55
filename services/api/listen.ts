import type { ApiConfig } from '../../shared/process/config.ts'
import { ScriptoriumError, systemCode } from '../../shared/process/errors.ts'
import { isLoopback } from './http/auth.ts'
import type { App } from './routes/context.ts'

/** Without tokens every caller may do everything, so the API may listen on loopback only. Throws `configuration`. */
export function requireSafeAddress(config: ApiConfig): void {
  const { HOST, SCRIPTORIUM_PUBLISHED_ON: published, SCRIPTORIUM_TOKENS } = config
  if (SCRIPTORIUM_TOKENS !== '' || isLoopback(published ?? HOST)) return
  const [name, address] = published === undefined ? ['HOST', HOST] : ['API_ADDRESS', published]
  throw new ScriptoriumError(
    'configuration',
    `${name}=${address} is not loopback, and SCRIPTORIUM_TOKENS is not set; create a token with 'npx scriptorium token', or unset ${name}`,
  )
}

/** Listens, and returns the address. Throws `configuration` if the port is in use or not permitted. */
export async function listen(app: App, { HOST: host, PORT: port }: ApiConfig): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (thrown) {
    const reasons: Record<string, string> = {
      EADDRINUSE: 'is in use by another process; stop it, or set PORT',
      EACCES: 'requires privileges that this user lacks; set PORT to 1024 or more',
      EADDRNOTAVAIL: 'is not an address of this machine; correct HOST',
    }
    const reason = reasons[systemCode(thrown) ?? '']
    if (reason === undefined) throw thrown
    throw new ScriptoriumError('configuration', `${host}:${port} ${reason}`, { cause: thrown })
  }
}
