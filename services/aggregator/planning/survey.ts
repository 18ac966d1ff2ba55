import { mayReadBetter } from '../../../shared/contract/result/page.ts'
import { sizeOf } from '../../../shared/files/stat-key.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { documentIdOf } from './plan-file.ts'
import type { Work } from '../progress/run-forecast.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { passedOver, type Found, type WalkStep } from '../folders/walk.ts'

export type FoundFile = Extract<Found, { stat: string }>

/** The files of a folder that this run must read. */
export interface Survey extends Work {
  /** Files spread evenly over the walk: the requested number, or all where there are fewer. */
  sample: FoundFile[]
}

interface Options {
  /** Size of the sample. */
  size: number
  /** Age below which a file may still be written, and is not sampled. */
  recentMs: number
  /** Whether a file may be in the sample. */
  isWanted: (path: string) => boolean
  signal: AbortSignal
}

const batchSize = 500

/** Walks ahead of the planner: counts the files to read and takes a sample of them. Opens nothing. */
export async function surveyFolder(
  ledger: Ledger,
  run: FolderRun,
  steps: Iterable<WalkStep>,
  { size, recentMs, isWanted, signal }: Options,
): Promise<Survey> {
  const sampler = createSampler<FoundFile>(size)
  let documents = 0
  let bytes = 0
  let batch: FoundFile[] = []
  const count = (): void => {
    for (const file of unread(ledger, run, batch)) {
      documents += 1
      bytes += sizeOf(file.stat)
      if (Math.abs(file.changedMsAgo) >= recentMs && isWanted(file.path)) sampler.add(file)
    }
    batch = []
  }
  const turns = createEventTurns(signal)
  for (const file of steps) {
    await turns.give()
    if (file === passedOver || 'problem' in file) continue
    batch.push(file)
    if (batch.length < batchSize) continue
    count()
    await turns.take()
  }
  count()
  return { documents, bytes, sample: sampler.take() }
}

/** Files that the ledger does not know in their present state; excludes failed ones, unless they are retried. */
function unread(ledger: Ledger, run: FolderRun, batch: readonly FoundFile[]): FoundFile[] {
  const { force, retryFailed, retryWarned = false } = run.request
  const known = ledger.documents.getMany(batch.map(({ path }) => documentIdOf(run, path)))
  return batch.filter(({ path, stat }) => {
    const row = known.get(documentIdOf(run, path))
    const isDone =
      row?.state === 'final' && row.stat === stat && row.fingerprint === run.fingerprint
    if (!isDone) return true
    if (row.runId === run.id) return false
    if (force || row.outcome === 'cancelled') return true
    return (retryFailed && row.error !== null) || (retryWarned && mayReadBetter(row.warnings))
  })
}

/** Takes an evenly spread sample of `size` from a series of unknown length, and keeps at most twice as many. */
export function createSampler<T>(size: number) {
  let kept: T[] = []
  let stride = 1
  let seen = 0
  return {
    add(item: T): void {
      if (size > 0 && seen % stride === 0) kept.push(item)
      seen += 1
      if (kept.length <= 2 * size) return
      kept = kept.filter((_, index) => index % 2 === 0)
      stride *= 2
    },
    take: (): T[] =>
      kept.length <= size
        ? kept
        : Array.from(
            { length: size },
            (_, index) => kept[Math.floor((index * kept.length) / size)],
          ).filter((item) => item !== undefined),
  }
}
