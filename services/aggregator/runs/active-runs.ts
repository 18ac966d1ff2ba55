import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { toEnding } from '../events/document-event.ts'
import type { PageRead } from '../results/recorded.ts'
import type { ActiveRun } from './active-run.ts'

interface Deps {
  ledger: Ledger
  queue: Pick<PageQueue, 'remove'>
  /** Starts a run, which calls `onEnd` when it has ended. */
  start: (run: FolderRun, onEnd: () => void) => ActiveRun
}

/** Active folder runs. Each owns its output folder, and counts its documents as they end. */
export function createActiveRuns({ ledger, queue, start: startRun }: Deps) {
  const active = new Map<string, ActiveRun>()

  const start = (run: FolderRun): void => {
    active.set(
      run.id,
      startRun(run, () => active.delete(run.id)),
    )
  }

  /**
   * Starts a run once. A new run is in the ledger before its command is done, so start-up may take it up meanwhile: a
   * second `ActiveRun` would publish progress without end, and its client would wait for ever.
   */
  const begin = (run: FolderRun): void => {
    if (!active.has(run.id)) start(run)
  }

  /** A command may arrive before the runs that a restart left open are taken up: it takes up its own. */
  const takeUp = (runId: string): ActiveRun | undefined => {
    const run = active.has(runId) ? undefined : ledger.runs.getFolder(runId)
    if (run?.state === 'active') begin(run)
    return active.get(runId)
  }

  const interrupt = async (run: ActiveRun): Promise<void> => {
    await run.interrupt()
    await queue.remove(ledger.documents.jobsIn(run.run.id, 'planned'))
  }

  return {
    /** By their ids. */
    active: active as ReadonlyMap<string, ActiveRun>,
    begin,
    /** Continues a run whose `ActiveRun` was stopped, by planning it again. */
    replace: start,
    /** Returns an active run, after resuming it if a restart left it open; undefined if it has ended. */
    takeUp,
    interrupt,
    /** Whether no run is writing to this output folder. */
    isFree: (out: string): boolean =>
      ![...active.values()].some(({ run }) => run.request.out === out),
    /** Interrupts the run that is writing to this output folder: a new one takes its place. */
    async supersede(out: string): Promise<void> {
      for (const { id, request } of ledger.runs.active()) {
        const other = request.out === out ? takeUp(id) : undefined
        if (other !== undefined) await interrupt(other)
      }
    },
    /** Counts pages that were read. Returns those that no active run counts. */
    pagesRead: (read: readonly PageRead[]): PageRead[] =>
      read.filter(({ runId }) => {
        const run = active.get(runId)
        run?.progress.pagesRead(1)
        return run === undefined
      }),
    /** Counts documents that are final. Returns those that no active run counts. */
    ended: (ids: readonly string[]): Document[] =>
      ids.flatMap((id) => {
        const document = ledger.documents.get(id)
        if (document?.state !== 'final') return []
        const run = active.get(document.runId)
        if (run === undefined) return [document]
        run.progress.ended(toEnding(document, ledger.pages.summary(id)))
        return []
      }),
    /** Ends each run that has nothing left to read. */
    endIfDone(): void {
      for (const run of active.values()) run.endIfDone()
    },
    /** Stops all of them with the process; the next start resumes them. */
    async stop(): Promise<void> {
      for (const run of active.values()) await run.stop()
      active.clear()
    },
  }
}

export type ActiveRuns = ReturnType<typeof createActiveRuns>
