import { EventEmitter, once } from 'node:events'
import { failedOutcomes, hasFailed, type Outcome } from '../../shared/contract.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import { newProgress, type Progress, type RunEvent } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Run } from './ledger/runs.ts'

/** Watchers that lag further behind than this many events miss some; `seq` shows them the gap. */
const keptEvents = 20_000
const publishEveryMs = 200

/** What a run has counted when it goes on after a restart of the aggregator. */
export interface Counted {
  final: Map<Outcome | 'unstable', number>
  pagesRead: number
  unavailable: number
}

/** Counts a run and tells everybody who watches: a snapshot a few times a second, and one event a document. */
export function createRunProgress(redis: Redis, keys: Keys, run: Run, counted: Counted) {
  const changed = new EventEmitter()
  const began = performance.now()
  const pagesBefore = counted.pagesRead
  const sum = (outcomes: (Outcome | 'unstable')[]): number =>
    outcomes.reduce((total, outcome) => total + (counted.final.get(outcome) ?? 0), 0)
  const failedBefore = sum([...failedOutcomes])
  const doneBefore = sum(['succeeded', 'empty', 'duplicate', 'cancelled'])
  const progress: Progress = {
    ...newProgress(run.id, run.startedAt),
    planned: doneBefore + failedBefore,
    done: doneBefore,
    failed: failedBefore,
    unstable: sum(['unstable']),
    pagesRead: counted.pagesRead,
    unavailable: counted.unavailable,
  }
  let events: RunEvent[] = []
  let seq = 0

  const publish = async (expireSeconds?: number): Promise<void> => {
    const seconds = (performance.now() - began) / 1_000
    const pages = progress.pagesRead - pagesBefore
    progress.pagesPerSecond = Math.round((100 * pages) / Math.max(seconds, 0.001)) / 100
    const documents = progress.done + progress.failed - doneBefore - failedBefore
    const left = outstanding()
    progress.etaSeconds =
      documents === 0 || !progress.planningDone ? null : Math.round((left * seconds) / documents)
    const batch = events
    events = []
    const pipeline = redis.pipeline()
    for (const event of batch) {
      pipeline.xadd(keys.events(run.id), 'MAXLEN', '~', keptEvents, '*', 'e', JSON.stringify(event))
    }
    // After the events: who sees a run finished finds all of them.
    pipeline.set(keys.progress(run.id), JSON.stringify(progress))
    if (expireSeconds !== undefined) {
      pipeline
        .expire(keys.progress(run.id), expireSeconds)
        .expire(keys.events(run.id), expireSeconds)
    }
    await pipeline.exec()
  }
  const timer = setInterval(() => void publish().catch(() => undefined), publishEveryMs)

  const outstanding = (): number => progress.planned - progress.done - progress.failed

  const told = (event: Omit<RunEvent, 'seq'>): void => {
    seq += 1
    events.push({ seq, ...event })
    if (event.unavailable !== undefined) progress.unavailable += 1
  }
  return {
    snapshot: (): Readonly<Progress> => progress,
    pagesRead(pages: number): void {
      progress.pagesRead += pages
    },
    planned(documents: number): void {
      progress.planned += documents
    },
    seen(files: number): void {
      progress.seen += files
    },
    planningDone(): void {
      progress.planningDone = true
    },
    /** A planned document is final. */
    ended(event: Omit<RunEvent, 'seq'>): void {
      if (event.error?.code === 'unstable') {
        progress.unstable += 1
        progress.planned -= 1
      } else if (hasFailed(event.outcome)) progress.failed += 1
      else progress.done += 1
      told(event)
      changed.emit('ended')
    },
    /** A document that needs no reading, or will get none in this run. */
    passed(
      how: 'unchanged' | 'failedEarlier' | 'restored' | 'unstable',
      event?: Omit<RunEvent, 'seq'>,
    ): void {
      progress[how] += 1
      if (event !== undefined) told(event)
    },
    /** A document needs a word, whatever it counts as. */
    told,
    outstanding,
    /** Waits until fewer than `most` planned documents are open. */
    async below(most: number, signal: AbortSignal): Promise<void> {
      while (outstanding() >= most) await once(changed, 'ended', { signal })
    },
    /** Publishes the end; from then on Redis keeps it for a day. */
    async close(state: Progress['state'], error: Progress['error'] = null): Promise<void> {
      clearInterval(timer)
      progress.state = state
      progress.error = error
      await publish(ttl.finishedRun)
    },
    /** Stops telling; the run is not over. */
    stop: () => clearInterval(timer),
  }
}

export type RunProgress = ReturnType<typeof createRunProgress>
