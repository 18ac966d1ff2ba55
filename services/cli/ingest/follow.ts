import { setTimeout as delay } from 'node:timers/promises'
import type { Keys } from '../../../shared/redis/keys.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import {
  progressSchema,
  runEventSchema,
  type Progress,
  type RunEvent,
} from '../../../shared/contract/messages/progress.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { runReportSchema, type RunReport } from '../../../shared/contract/report.ts'
import { upgradeProgress, upgradeRunReport } from '../../../shared/contract/schema/upgrades.ts'
import type { Handover } from './handover.ts'

const parseProgress = createParser("a run's progress", progressSchema, upgradeProgress)
const parseEvent = createParser("a run's event", runEventSchema)
const parseReport = createParser("a run's report", runReportSchema, upgradeRunReport)

const everyMs = 100
const eventsAtATime = 1_000

/** One observation of a run: its progress, and the documents that ended since the last one. */
export interface Moment {
  progress: Progress
  events: RunEvent[]
  /** At the end of a run that the ledger keeps: all that counts is in it. Events are for display. */
  report?: RunReport
}

interface Following {
  redis: Redis
  keys: Keys
  runId: string
  /** Whether the run ends with a report: a dry run, and one that was refused, do not. */
  hasReport: boolean
  handover: Pick<Handover, 'look' | 'answer'>
}

/**
 * Watches a run until it is no longer active, and hands it over again when there is no progress. Events come in order,
 * each once. Rejects when the run cannot continue.
 */
export async function* followRun(following: Following): AsyncGenerator<Moment> {
  const { redis, keys, runId, handover } = following
  let after = '0'
  for (;;) {
    const standing = await handover.answer(readStanding(following))
    await handover.answer(handover.look(standing !== undefined))
    if (standing !== undefined) {
      let events: RunEvent[]
      do {
        ;({ events, after } = await handover.answer(readEvents(redis, keys.events(runId), after)))
        yield { ...standing, events }
      } while (events.length === eventsAtATime)
      if (standing.progress.state !== 'active') return
    }
    await delay(everyMs)
  }
}

/** The progress of a run; undefined if none is published, or only an end without its report. */
async function readStanding(following: Following): Promise<Omit<Moment, 'events'> | undefined> {
  const { redis, keys, runId, hasReport } = following
  const progress = await readProgress(redis, keys, runId)
  if (progress === undefined || !hasReport) return progress && { progress }
  if (progress.state === 'active' || progress.state === 'refused') return { progress }
  const report = await readReport(redis, keys, runId)
  return report && { progress, report }
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
