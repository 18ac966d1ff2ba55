import { Type } from '@sinclair/typebox'
import { heartbeatSchema } from '../../../shared/redis/heartbeats.ts'
import { listLanguages } from '../../../shared/engine/tessdata.ts'
import { orNull } from '../schemas/document.ts'
import { historyPeriods, historySchema } from '../schemas/history.ts'
import { beginOf, toHistory } from '../views/history.ts'
import type { App, Context } from './context.ts'
import { boundedList, nameText } from '../../../shared/contract/schema/bounded.ts'
import { described } from '../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../shared/process/one-of.ts'

const tags = ['Fleet']

const count = Type.Integer({ minimum: 0 })
const queueSchema = Type.Object(
  {
    paused: described(Type.Boolean(), 'Whether workers take no jobs.'),
    interactive: described(count, 'Waiting jobs of interactive priority.', 3),
    bulk: described(count, 'Waiting jobs of bulk priority.', 1_200),
    active: described(count, 'Jobs that workers are processing.', 8),
    delayed: described(count, 'Jobs that wait for a retry.', 0),
    failed: described(count, 'Failed jobs that the queue still holds.', 0),
    uncollected: described(count, 'Results that the aggregator has not recorded yet.', 2),
    oldestSeconds: described(
      orNull(Type.Number({ minimum: 0 })),
      'Age of the oldest waiting job, seconds; null if none waits.',
      4.2,
    ),
    pagesPerMinute: described(Type.Number({ minimum: 0 }), 'Throughput, pages per minute.', 450),
    workSeconds: described(
      Type.Number({ minimum: 0 }),
      'Waiting work, seconds of one worker, by the time that the latest pages took.',
      3_120,
    ),
    wantedWorkers: described(
      count,
      'Workers that would do the waiting work within `SCRIPTORIUM_TARGET_WAIT_MS`; 0 where nothing is to do.',
      52,
    ),
  },
  { title: 'Queue', description: 'Queue depth, backlog age and throughput.' },
)

/** Workers, languages, the queue, and throughput over time. */
export function fleetRoutes(app: App, context: Context): void {
  languagesRoute(app, context)
  workersRoute(app, context)
  getQueueRoute(app, context)
  setQueueRoute(app, context)
  historyRoute(app, context)
}

function languagesRoute(app: App, { config }: Context): void {
  app.get(
    '/v1/languages',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listLanguages',
        summary: 'List languages',
        description: 'Installed language models, usable in `recipe.languages`.',
        tags,
        response: {
          200: Type.Object(
            {
              languages: described(boundedList(nameText, 1_000), 'Language models.', [
                'deu',
                'eng',
              ]),
            },
            { description: 'Installed language models.' },
          ),
        },
      },
    },
    async () => ({ languages: listLanguages(config.TESSDATA_PREFIX) }),
  )
}

function workersRoute(app: App, { fleet }: Context): void {
  app.get(
    '/v1/workers',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listWorkers',
        summary: 'List workers',
        description: 'Last heartbeat of every running worker.',
        tags,
        response: {
          200: Type.Object(
            { items: described(boundedList(heartbeatSchema, 10_000), 'Running workers.') },
            { description: 'Running workers.' },
          ),
        },
      },
    },
    async () => ({ items: await fleet.workers() }),
  )
}

/** The queue as the API shows it. */
async function describeQueue({ queue, fleet, demand }: Context) {
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
    ...demand.of(counts),
  }
}

function getQueueRoute(app: App, context: Context): void {
  app.get(
    '/v1/queue',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getQueue',
        summary: "Get the queue's state",
        description: 'Queue depth, backlog age and throughput.',
        tags,
        response: { 200: queueSchema },
      },
    },
    () => describeQueue(context),
  )
}

function setQueueRoute(app: App, context: Context): void {
  app.put(
    '/v1/queue',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'setQueue',
        summary: 'Pause or resume the queue',
        description: 'Workers of a paused queue finish their pages and take no new jobs.',
        tags,
        body: Type.Object(
          { paused: described(Type.Boolean(), 'True pauses the queue, false resumes it.') },
          {
            additionalProperties: false,
            title: 'QueueRequest',
            description: 'Desired state.',
            examples: [{ paused: false }],
          },
        ),
        response: { 200: queueSchema },
      },
    },
    async ({ body }) => {
      await (body.paused ? context.queue.pause() : context.queue.resume())
      return describeQueue(context)
    },
  )
}

function historyRoute(app: App, { ledger }: Context): void {
  app.get(
    '/v1/fleet/history',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getFleetHistory',
        summary: 'Get throughput and errors over time',
        description:
          'Pages per second and error rate of the last hour by minutes, or of the last day by five minutes. The ' +
          'ledger keeps them, so they survive restarts.',
        tags,
        querystring: Type.Object(
          {
            period: Type.Optional(
              described(oneOf(historyPeriods), 'Period. Default: hour.', 'hour'),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: historySchema },
      },
    },
    async ({ query: { period = 'hour' } }) => {
      const now = Date.now()
      return toHistory(ledger.get().tallies.since(beginOf(period, now)), period, now)
    },
  )
}
