import { Type } from '@sinclair/typebox'
import { explain } from '../../../shared/process/causes.ts'
import { ttl } from '../../../shared/redis/keys.ts'
import { version } from '../../../shared/process/version.ts'
import type { App, Context } from './context.ts'
import { idText, messageText, pageText } from '../../../shared/contract/schema/bounded.ts'
import { described } from '../../../shared/contract/schema/described.ts'

const tags = ['Service']
const checkOf = (description: string, example: string) =>
  Type.Object(
    {
      ok: described(Type.Boolean(), 'Whether the check succeeded.'),
      detail: described(messageText, 'Explanation for people.', example),
    },
    { description },
  )
const readinessOf = (description: string) =>
  Type.Object(
    {
      ready: described(Type.Boolean(), 'Whether all checks succeeded.'),
      checks: Type.Object(
        {
          redis: checkOf('Redis accepts writes.', 'answers'),
          ledger: checkOf('The aggregator can write the ledger.', 'can be written'),
          workers: checkOf('At least one worker is alive.', '4 alive'),
        },
        { description: 'The checks.' },
      ),
    },
    { description },
  )
type Check = { ok: boolean; detail: string }

/** Liveness, readiness, version and metrics. */
export function healthRoutes(app: App, context: Context): void {
  livezRoute(app)
  readyzRoute(app, context)
  versionRoute(app)
  metricsRoute(app, context)
}

function livezRoute(app: App): void {
  app.get(
    '/livez',
    {
      config: { scope: 'none', rateLimit: false },
      schema: {
        operationId: 'livez',
        summary: 'Check liveness',
        description: 'Responds while the process is running.',
        tags,
        response: {
          200: Type.Object(
            { live: described(Type.Literal(true), 'Always true.') },
            { description: 'The process is running.' },
          ),
        },
      },
    },
    async () => ({ live: true as const }),
  )
}

function readyzRoute(app: App, context: Context): void {
  app.get(
    '/readyz',
    {
      config: { scope: 'none', rateLimit: false },
      schema: {
        operationId: 'readyz',
        summary: 'Check readiness',
        description: 'Checks Redis, the ledger and the workers.',
        tags,
        response: {
          200: readinessOf('The service is ready.'),
          503: readinessOf('At least one check failed.'),
        },
      },
    },
    async (_, reply) => {
      const checks = await examine(context)
      const ready = Object.values(checks).every(({ ok }) => ok) && !context.stopping.aborted
      return reply.code(ready ? 200 : 503).send({ ready, checks })
    },
  )
}

function versionRoute(app: App): void {
  app.get(
    '/version',
    {
      config: { scope: 'none', rateLimit: false },
      schema: {
        operationId: 'version',
        summary: 'Get the version',
        description: 'Version of the server.',
        tags,
        response: {
          200: Type.Object(
            { version: described(idText, 'Semantic version.', '0.2.0') },
            { description: 'The version.' },
          ),
        },
      },
    },
    async () => ({ version }),
  )
}

function metricsRoute(app: App, { metrics }: Context): void {
  app.get(
    '/metrics',
    {
      config: { scope: 'read', rateLimit: false },
      schema: {
        operationId: 'metrics',
        summary: 'Get metrics',
        description: 'Metrics in the Prometheus text format.',
        tags,
        response: {
          200: {
            description: 'The metrics.',
            content: {
              'text/plain': { schema: described(pageText, 'Prometheus text format.') },
            },
          },
        },
      },
    },
    async (_, reply) => {
      const text = await metrics.collect()
      return reply.type(metrics.contentType).serializer(String).send(text)
    },
  )
}

const good = (detail: string): Check => ({ ok: true, detail })
const bad = (detail: string): Check => ({ ok: false, detail })

async function examine({ redis, keys, fleet, ledger }: Context) {
  // A full Redis still answers reads: only a write shows it.
  const problem = await redis
    .set(keys.probe, '1', 'EX', ttl.heartbeat)
    .then(() => undefined, explain)
  if (problem !== undefined && problem.code !== 'redis_full') {
    const unknown = bad(problem.message)
    return { redis: unknown, ledger: unknown, workers: unknown }
  }
  const [sign, workers] = await Promise.all([fleet.aggregator(), fleet.workers()])
  const isOpen = (): boolean => {
    try {
      return ledger.get().runs.get('') === undefined
    } catch {
      return false // The aggregator reports the reason.
    }
  }
  return {
    redis: problem === undefined ? good('answers') : bad(problem.message),
    ledger:
      sign === undefined
        ? bad('no aggregator is alive')
        : sign.isLedgerWritable && isOpen()
          ? good('can be written')
          : bad('cannot be written'),
    workers: workers.length > 0 ? good(`${workers.length} alive`) : bad('no worker is alive'),
  }
}
