import { setTimeout as delay } from 'node:timers/promises'
import type { Keys } from '../../shared/keys.ts'
import {
  createParser,
  progressSchema,
  runEventSchema,
  type Progress,
  type RunEvent,
} from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import { runReportSchema, type RunReport } from '../../shared/report.ts'

const parseProgress = createParser("a run's progress", progressSchema)
const parseEvent = createParser("a run's event", runEventSchema)
const parseReport = createParser("a run's report", runReportSchema)

const everyMs = 100
const eventsAtATime = 1_000

/** What a watcher sees at one moment: where the run stands, and what ended since the last moment. */
export interface Moment {
  progress: Progress
  events: RunEvent[]
}

/**
 * Watches a run until it is no longer active. Events come in order, each once.
 * Throws what `failure` returns, once it returns something.
 */
export async function* followRun(
  redis: Redis,
  keys: Keys,
  runId: string,
  failure: () => Error | undefined,
): AsyncGenerator<Moment> {
  let after = '0'
  for (;;) {
    const broken = failure()
    if (broken !== undefined) throw broken
    const progress = await readProgress(redis, keys, runId)
    if (progress !== undefined) {
      const isOver = progress.state !== 'active'
      let events: RunEvent[]
      do {
        ;({ events, after } = await readEvents(redis, keys.events(runId), after))
        yield { progress, events }
      } while (events.length === eventsAtATime)
      if (isOver) return
    }
    await delay(everyMs)
  }
}

export async function readProgress(
  redis: Redis,
  keys: Keys,
  runId: string,
): Promise<Progress | undefined> {
  const text = await redis.get(keys.progress(runId))
  return text === null ? undefined : parseProgress(JSON.parse(text))
}

async function readEvents(redis: Redis, stream: string, after: string) {
  const entries = await redis.xrange(
    stream,
    after === '0' ? '-' : `(${after}`,
    '+',
    'COUNT',
    eventsAtATime,
  )
  const events = entries.map(([, fields]) => parseEvent(JSON.parse(fields[1] ?? '')))
  return { events, after: entries.at(-1)?.[0] ?? after }
}

export async function readReport(
  redis: Redis,
  keys: Keys,
  runId: string,
): Promise<RunReport | undefined> {
  const text = await redis.get(keys.report(runId))
  return text === null ? undefined : parseRunReport(text)
}

export const parseRunReport = (text: string): RunReport => parseReport(JSON.parse(text))
