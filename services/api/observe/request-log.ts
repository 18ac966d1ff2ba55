import type { FastifyInstance } from 'fastify'
import { createOutageLog, type Lines } from '../../../shared/process/outage-log.ts'
import type { Metrics } from './metrics.ts'

interface Deps {
  metrics: Pick<Metrics, 'observe'>
  log: Lines
}

/**
 * Refusals are logged up to this number at once, then one every two seconds, with the number that it represents
 * (`times`).
 */
const refusalPace = { burst: 50, refillMs: 2_000 }

/**
 * Logs and measures each answer, by its route and never by its URL. Refusals, and requests that need no token, are
 * logged up to a rate: callers without a token must not be able to fill the disk. They do not use up the rate of
 * callers with one.
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
