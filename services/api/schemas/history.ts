import { Type, type Static } from '@sinclair/typebox'
import { boundedList, boundedRecord } from '../../../shared/contract/schema/bounded.ts'
import { described, timeOf } from '../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { orNull } from './document.ts'

const count = Type.Integer({ minimum: 0 })

export const historyPeriods = ['hour', 'day'] as const
export type HistoryPeriod = (typeof historyPeriods)[number]

const figures = {
  pages: described(count, 'Pages read.', 240),
  failedPages: described(count, 'Pages that could not be read.', 1),
  documents: described(count, 'Documents that ended, without cancelled ones.', 118),
  failedDocuments: described(
    count,
    'Those that failed: `partial`, `rejected`, `timeout`, `engine_crash` and `failed`.',
    2,
  ),
  pagesPerSecond: described(Type.Number({ minimum: 0 }), 'Throughput, pages per second.', 4.1),
  errorRate: described(
    orNull(Type.Number({ minimum: 0, maximum: 1 })),
    'Share of the ended documents that failed, 0 to 1; null if none ended.',
    0.017,
  ),
}

const pointSchema = Type.Object(
  { at: timeOf('Begin of the step.'), ...figures },
  { title: 'HistoryPoint', description: 'Figures of one step.' },
)

/** Throughput and errors over time. */
export const historySchema = Type.Object(
  {
    period: described(oneOf(historyPeriods), 'Period.'),
    stepSeconds: described(
      Type.Integer({ minimum: 1 }),
      'Length of a step, seconds. The last one is still running.',
      60,
    ),
    points: described(
      boundedList(pointSchema, 1_000),
      'Every step of the period, the oldest first, also those without any page.',
    ),
    sum: Type.Object(
      {
        ...figures,
        outcomes: described(boundedRecord(count, 100, 100), 'Documents that ended, by outcome.', {
          succeeded: 116,
          rejected: 2,
        }),
      },
      { title: 'HistorySum', description: 'Figures of the whole period.' },
    ),
  },
  { title: 'History', description: 'Throughput and errors over time.' },
)
export type History = Static<typeof historySchema>
