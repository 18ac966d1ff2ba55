import { EventEmitter, once } from 'node:events'
import {
  failedOutcomes,
  hasFailed,
  type Outcome,
} from '../../../shared/contract/result/outcomes.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import {
  newProgress,
  type Estimate,
  type Progress,
  type RunEvent,
} from '../../../shared/contract/messages/progress.ts'
import type { RedisCommand } from '../../../shared/redis/connection/redis-script.ts'
import { isRefusal } from '../../../shared/redis/connection/redis-trouble.ts'
import type { FolderRun } from '../../ledger/runs.ts'

/** Watchers that lag further behind than this many events miss some; `seq` shows them the gap. */
const keptEvents = 20_000
const publishEveryMs = 200

/** Documents to read, and their size. */
export interface Work {
  documents: number
  bytes: number
}

/** A run's counts when it continues after a restart of the aggregator. */
export interface Counted {
  /** Documents that have not ended. */
  open: number
  final: Map<Outcome | 'unstable', number>
  pagesRead: number
  unavailable: number
}

/**
 * Counts a run's documents and publishes them to all watchers: a snapshot a few times a second, and one event per
 * document.
 */
export function createRunProgress(lease: Lease, keys: Keys, run: FolderRun, counted: Counted) {
  const changed = new EventEmitter()
  const began = performance.now()
  const pagesBefore = counted.pagesRead
  const sum = (outcomes: (Outcome | 'unstable')[], final = counted.final): number =>
    outcomes.reduce((total, outcome) => total + (final.get(outcome) ?? 0), 0)
  const failedBefore = sum([...failedOutcomes])
  const doneBefore = sum(['succeeded', 'empty', 'duplicate', 'cancelled'])
  const progress: Progress = {
    ...newProgress(run.id, run.startedAt),
    planned: counted.open + doneBefore + failedBefore,
    done: doneBefore,
    failed: failedBefore,
    unstable: sum(['unstable']),
    pagesRead: counted.pagesRead,
    unavailable: counted.unavailable,
  }
  let expected: Work | undefined
  let events: RunEvent[] = []
  let seq = 0

  const publish = async (expireSeconds: number = ttl.activeRun): Promise<void> => {
    const seconds = (performance.now() - began) / 1_000
    const pages = progress.pagesRead - pagesBefore
    progress.pagesPerSecond = Math.round((100 * pages) / Math.max(seconds, 0.001)) / 100
    const documents = progress.done + progress.failed - doneBefore - failedBefore
    const left = progress.planningDone ? outstanding() : expectedLeft()
    progress.etaSeconds =
      documents === 0 || left === undefined ? null : Math.round((left * seconds) / documents)
    const batch = events
    events = []
    const [stream, snapshot] = [keys.events(run.id), keys.progress(run.id)]
    const commands = batch.map((event): RedisCommand => {
      return ['XADD', stream, 'MAXLEN', '~', keptEvents, '*', 'e', JSON.stringify(event)]
    })
    if (batch.length > 0) commands.push(['EXPIRE', stream, ttl.finishedRun])
    // Atomically with the events: a client that sees a run finished finds all of them. The snapshot expires when no
    // process maintains the run.
    const say: RedisCommand = ['SET', snapshot, JSON.stringify(progress), 'EX', expireSeconds]
    try {
      await lease.write([...commands, say])
    } catch (thrown) {
      events = [...batch, ...events].slice(-keptEvents) // Published with the next snapshot that Redis accepts.
      // Otherwise watchers would consider the run abandoned.
      if (isRefusal(thrown) && progress.state === 'active') await lease.writeSmall([say])
      throw thrown
    }
  }
  let publishing: Promise<void> | undefined
  const timer = setInterval(() => {
    publishing ??= publish()
      .catch(() => undefined)
      .finally(() => (publishing = undefined))
  }, publishEveryMs)

  const expectedLeft = (): number | undefined =>
    expected && Math.max(0, expected.documents - progress.done - progress.failed)

  const outstanding = (): number => Math.max(0, progress.planned - progress.done - progress.failed)

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
    /** The run's expected total, while the walk is still going on. */
    expects(work: Work): void {
      expected = work
    },
    /** The same, file by file: a dry run records nothing in the ledger. */
    expectsMore(sizes: readonly number[]): void {
      const { documents = 0, bytes = 0 } = expected ?? {}
      const more = sizes.reduce((total, size) => total + size, 0)
      expected = { documents: documents + sizes.length, bytes: bytes + more }
    },
    expected: (): Work | undefined => expected,
    estimated(estimate: Estimate): void {
      progress.estimate = estimate
    },
    /** Some documents that had failed are planned again: `final` counts the remaining ones. */
    putBack(final: Counted['final']): void {
      progress.failed = sum([...failedOutcomes], final)
    },
    planningDone(): void {
      progress.planningDone = true
    },
    /** The walk restarts; `open` documents of the run have not ended. */
    planAgain(open: number): void {
      progress.planned = progress.done + progress.failed + open
      for (const count of ['seen', 'unchanged', 'failedEarlier', 'restored', 'existing'] as const)
        progress[count] = 0
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
    /** A document that needs no reading, or will not be read in this run. */
    passed(
      how: 'unchanged' | 'failedEarlier' | 'restored' | 'unstable' | 'existing',
      event?: Omit<RunEvent, 'seq'>,
    ): void {
      progress[how] += 1
      if (event !== undefined) told(event)
    },
    /** Publishes an event about a document, independent of the counts. */
    told,
    outstanding,
    /** Publishes why nothing is being read; null where there is no reason. */
    blocked(why: Progress['error']): void {
      progress.error = why
    },
    /** Waits until fewer than `most` planned documents are open. */
    async below(most: number, signal: AbortSignal): Promise<void> {
      while (outstanding() >= most) await once(changed, 'ended', { signal })
    },
    /** Publishes all pending events. */
    async flush(): Promise<void> {
      await publishing
      await publish()
    },
    /** Publishes the end of a run that the ledger does not know; Redis keeps it for a day. */
    async close(state: Progress['state'], error: Progress['error'] = null): Promise<void> {
      clearInterval(timer)
      await publishing
      progress.state = state
      progress.error = error
      await publish(ttl.finishedRun)
    },
    /** Stops publishing. */
    stop: () => clearInterval(timer),
  }
}

export type RunProgress = ReturnType<typeof createRunProgress>
