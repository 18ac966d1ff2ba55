import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'

/** A name or an address, and perhaps a port (RFC 9110, 7.2). */
const soundHost = /^(?:[A-Za-z0-9._~%!$&'()*+,;=-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/**
 * Refuses requests without exactly one sound Host header: of two, a proxy in front might believe the other. HTTP/1.0
 * allows requests without one. Throws `malformed_request`.
 */
export function installHostGuard(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    const hosts = hostsOf(raw.rawHeaders)
    if (hosts.length > 1) throw malformed('the request has more than one Host header')
    const [host] = hosts
    if (host === undefined) {
      if (raw.httpVersion === '1.0') return
      throw malformed('the Host header is missing')
    }
    if (!soundHost.test(host)) throw malformed('the Host header is invalid')
  })
}

/** Node keeps the first of several in `headers`. */
function hostsOf(rawHeaders: FastifyRequest['raw']['rawHeaders']): string[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.toLowerCase() === 'host' ? [rawHeaders[index + 1] ?? ''] : [],
  )
}

const malformed = (message: string): ScriptoriumError =>
  new ScriptoriumError('malformed_request', message)
