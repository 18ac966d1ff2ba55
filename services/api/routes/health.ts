import { Type } from '@sinclair/typebox'
import { version } from '../../../shared/version.ts'
import { problems } from '../schemas/common.ts'
import type { App, Context } from './context.ts'

const tags = ['service']
const checkSchema = Type.Object({ ok: Type.Boolean(), detail: Type.String() })
const readinessSchema = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Object({ redis: checkSchema, ledger: checkSchema, workers: checkSchema }),
})
type Check = { ok: boolean; detail: string }

/** Whether the service lives, and whether it can do its work. */
export function healthRoutes(app: App, context: Context): void {
  const { metrics } = context
  app.get(
    '/livez',
    {
      config: { scope: 'none', rateLimit: false },
      schema: {
        operationId: 'livez',
        summary: 'The process answers',
        tags,
        response: { 200: Type.Object({ live: Type.Literal(true) }) },
      },
    },
    async () => ({ live: true as const }),
  )
  app.get(
    '/readyz',
    {
      config: { scope: 'none', rateLimit: false },
      schema: {
        operationId: 'readyz',
        summary: 'Redis answers, the ledger can be written, a worker is alive',
        tags,
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    async (_, reply) => {
      const checks = await examine(context)
      const ready = Object.values(checks).every(({ ok }) => ok) && !context.stopping.aborted
      return reply.code(ready ? 200 : 503).send({ ready, checks })
    },
  )
  app.get(
    '/version',
    {
      config: { scope: 'none', rateLimit: false },
      schema: {
        operationId: 'version',
        summary: 'Which version this is',
        tags,
        response: { 200: Type.Object({ version: Type.String() }) },
      },
    },
    async () => ({ version }),
  )
  app.get(
    '/metrics',
    {
      config: { scope: 'read', rateLimit: false },
      schema: {
        operationId: 'metrics',
        summary: 'Prometheus metrics',
        tags,
        response: {
          200: { description: 'Metrics.', content: { 'text/plain': { schema: Type.String() } } },
          ...problems,
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

async function examine({ redis, fleet, ledger }: Context) {
  const answers = await redis.ping().catch(() => undefined)
  if (answers === undefined) {
    const unknown = bad('Redis does not answer')
    return { redis: unknown, ledger: unknown, workers: unknown }
  }
  const [sign, workers] = await Promise.all([fleet.aggregator(), fleet.workers()])
  const isOpen = (): boolean => {
    try {
      return ledger.get().runs.get('') === undefined
    } catch {
      return false // The reason is the aggregator's to tell.
    }
  }
  return {
    redis: good('answers'),
    ledger:
      sign === undefined
        ? bad('no aggregator is alive')
        : sign.isLedgerWritable && isOpen()
          ? good('can be written')
          : bad('cannot be written'),
    workers: workers.length > 0 ? good(`${workers.length} alive`) : bad('no worker is alive'),
  }
}
