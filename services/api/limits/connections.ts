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

/** A connection beyond the limit is answered, so that its client learns why, and must say quickly what it wants. */
const refusedMs = 5_000
/** So many of them at a time; what comes beyond is closed without a word. */
const refusedAtATime = (maxConnections: number): number => Math.max(16, maxConnections / 10)
/** Asked by those who look after the service: a full house is no reason to start it again. */
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
      // Of a proxy's clients each is one holder here: who they are is known later.
      const holder = isProxy(address) ? `${address} ${socket.remotePort}` : addressHolder(address)
      const held = limits.take('connections', holder)
      socket.once('close', () => held.release())
    } catch (thrown) {
      refusals.set(socket, toError(thrown))
      const timer = setTimeout(() => socket.destroy(), refusedMs).unref()
      socket.once('close', () => clearTimeout(timer))
    }
  })
  // The system gives no handle for a connection (EMFILE): the next one may find one. Unheard, it would end the process.
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
