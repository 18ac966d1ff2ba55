import { startFailureSchema, type StartFailure } from '../../../shared/redis/heartbeats.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { defaultMaxFailures } from '../../../shared/contract/max-failures.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { retryForEver } from '../../../shared/process/waiting/retry.ts'
import type { Pause } from '../../../shared/contract/pause.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { ActiveRun } from './active-run.ts'
import {
  createBreaker,
  isOfService,
  type Breaker,
  type ReadingOutcome,
  type Trip,
} from '../progress/breaker.ts'
import { jobIdsOf } from '../../ledger/document-jobs.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { livingWorkers } from '../../../shared/redis/heartbeats.ts'
import { startPause, toPause } from '../progress/pause-text.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  queue: PageQueue
  active: ReadonlyMap<string, ActiveRun>
  log: Logger
  outages: Lines
}

const parseStartFailure = createParser("a fleet's failure to start", startFailureSchema)

/** Pauses folder runs whose readings fail because the service is broken, before all their documents fail. */
export function createRunGuard({ ledger, redis, keys, queue, active, log, outages }: Deps) {
  const breakers = new WeakMap<ActiveRun, Breaker>()
  const pausing = new WeakSet<ActiveRun>()

  const breakerOf = (run: ActiveRun): Breaker => {
    const known = breakers.get(run)
    if (known !== undefined) return known
    const { maxFailures = defaultMaxFailures } = run.run.request
    const breaker = createBreaker(maxFailures)
    breakers.set(run, breaker)
    return breaker
  }

  const carryOut = async (
    run: ActiveRun,
    pause: Pause,
    codes: readonly string[],
  ): Promise<void> => {
    const { id } = run.run
    await run.pause(pause, (code) => codes.includes(code) && isOfService(code))
    await queue.remove(ledger.documents.planned(id).flatMap(jobIdsOf))
  }

  const pauseRun = (run: ActiveRun, pause: Pause, codes: readonly string[]): void => {
    if (pausing.has(run)) return
    pausing.add(run)
    run.hold()
    const { rule, code, message, cure } = pause
    const level = rule === 'canary_read' ? 'info' : 'error'
    log[level]({ runId: run.run.id, rule, code, reason: message, cure }, 'run paused')
    void retryForEver(() => carryOut(run, pause, codes), {
      unref: true,
      onFailure: (err) =>
        outages.error({ runId: run.run.id, err }, 'pausing the run failed, retrying'),
    })
  }

  const pathOf = (documentId: string): string =>
    ledger.documents.get(documentId)?.path ?? documentId

  const trip = (run: ActiveRun, found: Trip): void => {
    pauseRun(run, toPause(found, pathOf), [...found.codes.keys()])
  }

  const startFailure = async (): Promise<StartFailure | undefined> => {
    const text = await redis.get(keys.startFailure)
    return text === null ? undefined : parseStartFailure(JSON.parse(text))
  }

  return {
    /** Pauses a run because of a rule that it broke. */
    trip(runId: string, found: Trip): void {
      const run = active.get(runId)
      if (run !== undefined) trip(run, found)
    },
    /** Called with readings as they are recorded. */
    onReadings(readings: readonly ReadingOutcome[]): void {
      for (const reading of readings) {
        const run = active.get(reading.runId)
        if (run === undefined || pausing.has(run)) continue
        const found = breakerOf(run)(reading)
        if (found !== undefined) trip(run, found)
      }
    },
    /** A new start: earlier failures of workers say nothing about the present. */
    forgetStartFailure(): void {
      redis.del(keys.startFailure).catch(ignore)
    },
    /** Pauses the runs that wait for workers which cannot start. */
    async checkWorkers(): Promise<void> {
      const waiting = [...active.values()].filter(
        ({ run, progress }) => !run.request.dryRun && progress.outstanding() > 0,
      )
      if (waiting.length === 0) return
      const failure = await startFailure()
      if (failure === undefined || (await livingWorkers(redis, keys)).length > 0) return
      for (const run of waiting) pauseRun(run, startPause(failure), [failure.code])
    },
  }
}

/** It expires by itself. */
const ignore = (): void => undefined

export type RunGuard = ReturnType<typeof createRunGuard>
