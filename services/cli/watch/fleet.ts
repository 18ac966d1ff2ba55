import { Type, type Static } from '@sinclair/typebox'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { boundedRecord, longList } from '../../../shared/contract/schema/bounded.ts'
import { heartbeatSchema } from '../../../shared/redis/heartbeats.ts'
import { printableName } from '../../../shared/process/printable.ts'
import { counted } from '../counted.ts'
import { formatSeconds } from '../ingest/show/view.ts'
import { formatBytes } from '../operators/doctor/check.ts'

/** A newer service may send more. */
const informing = { additionalProperties: true }

const queueSchema = Type.Object(
  {
    paused: Type.Boolean(),
    interactive: Type.Number(),
    bulk: Type.Number(),
    active: Type.Number(),
    delayed: Type.Number(),
    uncollected: Type.Number(),
    oldestSeconds: Type.Union([Type.Number(), Type.Null()]),
    pagesPerMinute: Type.Number(),
  },
  informing,
)
const sumSchema = Type.Object(
  {
    pages: Type.Number(),
    documents: Type.Number(),
    pagesPerSecond: Type.Number(),
    errorRate: Type.Union([Type.Number(), Type.Null()]),
    outcomes: boundedRecord(Type.Number(), 100, 100),
  },
  informing,
)
const workersSchema = Type.Object({ items: longList(heartbeatSchema) }, informing)

export const parseQueue = createParser('the queue', queueSchema)
export const parseWorkers = createParser('the workers', workersSchema)
export const parseHistory = createParser('the history', Type.Object({ sum: sumSchema }, informing))

type Sum = Static<typeof sumSchema>

/** Everything on the screen of `top`. */
export interface Fleet {
  url: string
  queue: Static<typeof queueSchema>
  workers: Static<typeof workersSchema>['items']
  hour: Sum
  day: Sum
}

/** The fleet as text, the most important first: a small terminal cuts the end off. */
export function screenLines({ url, queue, workers, hour, day }: Fleet): string[] {
  const { interactive, bulk, active, delayed, uncollected, oldestSeconds } = queue
  const oldest = oldestSeconds === null ? '' : `, the oldest for ${formatSeconds(oldestSeconds)}`
  const states = (['reading', 'idle', 'paused'] as const).flatMap((state) => {
    const count = workers.filter((worker) => worker.state === state).length
    return count === 0 ? [] : [`${count} ${state}`]
  })
  const outcomes = Object.entries(day.outcomes)
    .toSorted(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${count} ${outcome}`)
  return [
    `Scriptorium at ${url}${queue.paused ? ', PAUSED' : ''}`,
    '',
    `pages     ${rateOf(queue.pagesPerMinute / 60)} now, ${rateOf(hour.pagesPerSecond)} in the last hour, ${rateOf(day.pagesPerSecond)} in the last day`,
    `errors    ${errorsOf(hour)} in the last hour, ${errorsOf(day)} in the last day`,
    `queue     ${interactive} interactive, ${bulk} bulk${oldest}; ${active} active, ${delayed} before a retry`,
    `results   ${uncollected} not recorded yet`,
    `outcomes  ${outcomes.join(', ') || 'none'} in the last day`,
    `workers   ${states.join(', ') || 'none'}`,
    '',
    ...workerTable(workers),
  ]
}

const rateOf = (perSecond: number): string => `${perSecond.toFixed(perSecond < 1 ? 2 : 1)}/s`

const errorsOf = ({ errorRate, documents }: Sum): string =>
  errorRate === null
    ? 'no document'
    : `${(errorRate * 100).toFixed(1)} % of ${counted(documents, 'document')}`

function workerTable(workers: Fleet['workers']): string[] {
  const rows = workers
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .map(({ id, engine, state, pagesDone, rssBytes, currentPage }) => [
      printableName(id),
      printableName(engine.split('/').at(-1) ?? ''),
      state,
      String(pagesDone),
      formatBytes(rssBytes),
      currentPage === null ? '' : printableName(currentPage),
    ])
  const table = [['worker', 'engine', 'state', 'pages', 'memory', 'page in hand'], ...rows]
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  return table.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 3 || column === 4 ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
