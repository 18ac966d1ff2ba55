import { EventEmitter, once } from 'node:events'
import {
  failedOutcomes,
  hasFailed,
  type Outcome,
} from '../../../shared/contract/result/outcomes.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import {
  newProgress,
  type Estimate,
  type Progress,
  type RunEvent,
} from '../../../shared/contract/messages/progress.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { createProgressPublisher } from './progress-publisher.ts'
import { createRunForecast } from './run-forecast.ts'

/** A run's counts when it continues after a restart of the aggregator. */
export interface Counted {
  /** Documents that have not ended. */
  open: number
  final: Map<Outcome | 'unstable', number>
  pagesRead: number
  unavailable: number
}

/** Counts a run's documents, and publishes the counts and one event per document. */
export function createRunProgress(lease: Lease, keys: Keys, run: FolderRun, counted: Counted) {
  const changed = new EventEmitter()
  const progress = progressOf(run, counted)
  const { refresh, outstanding, ...forecast } = createRunForecast(progress)
  const publisher = createProgressPublisher({ lease, keys, progress, refresh })

  const told = (event: Omit<RunEvent, 'seq'>): void => {
    publisher.add(event)
    if (event.unavailable !== undefined) progress.unavailable += 1
  }
  return {
    ...forecast,
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
    estimated(estimate: Estimate): void {
      progress.estimate = estimate
    },
    /** Some documents that had failed are planned again: `final` counts the remaining ones. */
    putBack(final: Counted['final']): void {
      progress.failed = sum(final, failedOutcomes)
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
    /** Waits until fewer than `max` planned documents are open. */
    async below(max: number, signal: AbortSignal): Promise<void> {
      while (outstanding() >= max) await once(changed, 'ended', { signal })
    },
    /** Publishes all pending events. */
    flush: (): Promise<void> => publisher.flush(),
    /** Publishes the end of a run that the ledger does not know; Redis keeps it for a day. */
    close: (state: Progress['state'], error: Progress['error'] = null): Promise<void> =>
      publisher.close(state, error),
    /** Stops publishing. */
    stop: (): void => publisher.stop(),
  }
}

export type RunProgress = ReturnType<typeof createRunProgress>

function progressOf(run: FolderRun, { open, final, pagesRead, unavailable }: Counted): Progress {
  const failed = sum(final, failedOutcomes)
  const done = sum(final, ['succeeded', 'empty', 'duplicate', 'cancelled'])
  return {
    ...newProgress(run.id, run.startedAt),
    planned: open + done + failed,
    done,
    failed,
    unstable: sum(final, ['unstable']),
    pagesRead,
    unavailable,
  }
}

const sum = (final: Counted['final'], outcomes: Iterable<Outcome | 'unstable'>): number =>
  [...outcomes].reduce((total, outcome) => total + (final.get(outcome) ?? 0), 0)
