import type { FastifyInstance } from 'fastify'
import { createOutageLog, type Lines } from '../../../shared/process/outage-log.ts'
import type { Metrics } from './metrics.ts'

interface Deps {
  metrics: Pick<Metrics, 'observe'>
  log: Lines
}

/** Refusals are logged so many at once, then one every two seconds, with how many it stands for (`times`). */
const refusalPace = { burst: 50, refillMs: 2_000 }

/**
 * Logs and measures each answer, by its route and never by its URL. What was refused is logged up to a pace, and so is
 * what needs no token: whoever has none must not be able to fill the disk. Strangers do not use up the pace of callers.
 */
export function installRequestLog(app: FastifyInstance, { metrics, log }: Deps): void {
  const ofCallers = createOutageLog(log, refusalPace)
  const ofStrangers = createOutageLog(log, refusalPace)
  app.addHook('onResponse', async ({ method, routeOptions, caller, id: reqId }, reply) => {
    const route = routeOptions.url ?? 'unknown'
    const { statusCode: status, elapsedTime } = reply
    metrics.observe(method, route, status, elapsedTime / 1_000)
    const ms = Math.round(elapsedTime * 10) / 10
    const isServed = status < 400 && routeOptions.config.scope !== 'none'
    const limited = caller === 'anonymous' ? ofStrangers : ofCallers
    const lines = isServed ? log : limited
    lines.info(
      { reqId, method, route, status, ms, caller },
      isServed ? 'request' : sentenceOf(status),
    )
  })
}

const sentenceOf = (status: number): string =>
  status < 400 ? 'request without a token' : 'request refused'
