import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { toError } from '../../../shared/process/errors.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { PaceLimits } from './pace.ts'
import { watchAnswers } from './answer-pace.ts'
import { addressHolder } from '../http/holder.ts'
import type { ServiceLimits } from './limits.ts'

interface Deps {
  limits: ServiceLimits
  maxConnections: number
  pace: PaceLimits
  /** Whether many clients come from this address, because it is a proxy's. */
  isProxy: (address: string) => boolean
  log: Lines
}

/**
 * A connection above the limit gets an answer, so that its client learns the reason; its request must arrive quickly.
 */
const refusedMs = 5_000
/** Maximum number of such connections; further ones are closed without an answer. */
const refusedAtATime = (maxConnections: number): number => Math.max(16, maxConnections / 10)
/** Health checks are admitted: a full service must not be restarted for being full. */
const healthRoutes = new Set(['/livez', '/readyz'])

/** Bounds connections, in all and by address, and the time that a client may take over its answer. */
export function installConnectionLimits(app: FastifyInstance, deps: Deps): void {
  const { limits, maxConnections, pace, isProxy, log } = deps
  const refusals = new WeakMap<Socket, Error>()
  const open = new Set<Socket>()
  const server: Server = app.server
  server.maxConnections = maxConnections + refusedAtATime(maxConnections)

  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    try {
      const address = socket.remoteAddress ?? ''
      // Each client of a proxy counts as one holder here, because its address is known later.
      const holder = isProxy(address) ? `${address} ${socket.remotePort}` : addressHolder(address)
      const held = limits.take('connections', holder)
      socket.once('close', () => held.release())
    } catch (thrown) {
      refusals.set(socket, toError(thrown))
      const timer = setTimeout(() => socket.destroy(), refusedMs).unref()
      socket.once('close', () => clearTimeout(timer))
    }
  })
  // The system gives no handle for a connection (EMFILE): the next one may find one. Without a listener, it would end the process.
  server.on('error', (err) => log.error({ err }, 'accepting a connection failed'))
  app.addHook('onRequest', async ({ raw, routeOptions }, reply) => {
    const refusal = refusals.get(raw.socket)
    if (refusal === undefined || healthRoutes.has(routeOptions.url ?? '')) return
    reply.header('connection', 'close')
    throw refusal
  })
  const endWatch = watchAnswers(open, pace)
  app.addHook('onClose', async () => endWatch())
}
