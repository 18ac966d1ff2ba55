import { Type } from '@sinclair/typebox'
import { heartbeatSchema } from '../../../shared/heartbeats.ts'
import { listLanguages } from '../../../shared/tessdata.ts'
import { orNull } from '../schemas/document.ts'
import { problems } from '../schemas/common.ts'
import type { App, Context } from './context.ts'

const tags = ['fleet']

const queueSchema = Type.Object({
  paused: Type.Boolean(),
  /** Jobs that wait: those that somebody waits for, and the others. */
  interactive: Type.Integer(),
  bulk: Type.Integer(),
  active: Type.Integer(),
  delayed: Type.Integer(),
  failed: Type.Integer(),
  /** Results that the aggregator has not recorded. */
  uncollected: Type.Integer(),
  oldestSeconds: orNull(Type.Number()),
  pagesPerMinute: Type.Number(),
})

/** Who reads, what can be read, and how much there is to do. */
export function fleetRoutes(app: App, { config, fleet, queue }: Context): void {
  const describeQueue = async () => {
    const [{ isPaused: paused, oldestAt, ...counts }, uncollected, sign] = await Promise.all([
      queue.depth(),
      fleet.uncollected(),
      fleet.aggregator(),
    ])
    const oldestSeconds = oldestAt === null ? null : Math.max(0, (Date.now() - oldestAt) / 1_000)
    return {
      paused,
      ...counts,
      uncollected,
      oldestSeconds,
      pagesPerMinute: sign?.pagesPerMinute ?? 0,
    }
  }
  app.get(
    '/v1/languages',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listLanguages',
        summary: 'Languages that can be read',
        tags,
        response: { 200: Type.Object({ languages: Type.Array(Type.String()) }), ...problems },
      },
    },
    async () => ({ languages: listLanguages(config.TESSDATA_PREFIX) }),
  )
  app.get(
    '/v1/workers',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listWorkers',
        summary: 'Workers that are alive, and what each has on its desk',
        tags,
        response: { 200: Type.Object({ items: Type.Array(heartbeatSchema) }), ...problems },
      },
    },
    async () => ({ items: await fleet.workers() }),
  )
  app.get(
    '/v1/queue',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getQueue',
        summary: 'Depth, age and throughput',
        tags,
        response: { 200: queueSchema, ...problems },
      },
    },
    describeQueue,
  )
  app.put(
    '/v1/queue',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'setQueue',
        summary: 'Pause the fleet, or let it go on; pages in hand are finished',
        tags,
        body: Type.Object({ paused: Type.Boolean() }, { additionalProperties: false }),
        response: { 200: queueSchema, ...problems },
      },
    },
    async ({ body }) => {
      await (body.paused ? queue.pause() : queue.resume())
      return describeQueue()
    },
  )
}
