import { createArrivals, type Arrivals } from './arrivals.ts'
import { createAftermath } from './aftermath.ts'
import { createChanges, type Changes } from './changes.ts'
import { filesBeingWritten } from './open-files.ts'
import type { RoundEnd } from './round.ts'
import { scanFolder, type SeenFile } from './scan.ts'
import { isErrorCode, ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { delayAfter } from '../../../../shared/process/waiting/retry.ts'
import { join } from 'node:path'

interface Deps {
  /** Absolute. */
  folders: { root: string; done: string | undefined; failed: string }
  settleMs: number
  /** Between two looks at a folder whose changes the system does not report. */
  pollMs: number
  retriesMs: readonly number[]
  includeHidden: boolean
  isWanted: (path: string) => boolean
  /** Reads files; `isRetry` those that have failed before. */
  read: (paths: string[], isRetry: boolean) => Promise<RoundEnd>
  tell: (line: string) => void
  /** Called after each round with its counts. */
  onRound: (counts: { read: number; failed: number; unchanged: number }) => void
  stopping: AbortSignal
}

/** Files of one round: a few, so that those that arrive meanwhile do not wait for long. */
const filesAtATime = 200
/** Also where the system reports changes: a report may be lost. */
const longestWaitMs = 60_000
/** Looking takes at most a tenth of the time, however large the folder is. */
const lookingShare = 10
const backOff = { firstMs: 5_000, maxMs: 300_000 }

/** Reads the files that arrive in a folder, each state of a file once, until it is stopped. */
export async function watchFolder(deps: Deps): Promise<void> {
  const { tell, stopping } = deps
  const arrivals = createArrivals(deps)
  const changes = createChanges({ root: deps.folders.root, tell })
  const look = createLook(deps, arrivals, changes)
  let troubles = 0
  try {
    while (!stopping.aborted) {
      try {
        const tookMs = look()
        const isIdle = !(await readSome(deps, arrivals))
        troubles = 0
        if (isIdle) await changes.wait(waitMs(deps, { arrivals, changes, tookMs }), stopping)
      } catch (thrown) {
        // The folder or Redis is gone, or the service is broken: the files wait.
        troubles += 1
        const delayMs = delayAfter(troubles, backOff)
        tell(`${toError(thrown).message}; trying again in ${Math.round(delayMs / 1_000)} s`)
        await changes.wait(delayMs, stopping)
      }
    }
  } finally {
    changes.close()
  }
}

/** Looks at the folder; returns the time that it took, milliseconds. Tells each problem once. */
function createLook(
  { folders: { root }, includeHidden, isWanted, tell }: Deps,
  arrivals: Arrivals,
  changes: Changes,
): () => number {
  let told = new Set<string>()
  return () => {
    const began = performance.now()
    const { files, folders, problems } = scanFolder(root, { includeHidden, isWanted })
    for (const problem of problems) if (!told.has(problem)) tell(problem)
    told = new Set(problems)
    changes.follow(folders)
    arrivals.see(files, performance.now(), problems.length === 0)
    return performance.now() - began
  }
}

function waitMs(
  { pollMs }: Deps,
  { arrivals, changes, tookMs }: { arrivals: Arrivals; changes: Changes; tookMs: number },
): number {
  const idleMs = changes.isPolling() ? pollMs : longestWaitMs
  return Math.max(tookMs * lookingShare, 100, Math.min(idleMs, arrivals.nextIn(performance.now())))
}

/** Reads the ready files; returns false if there are none. */
async function readSome(deps: Deps, arrivals: Arrivals): Promise<boolean> {
  const now = performance.now()
  const due = arrivals.due(now, filesAtATime)
  const ready = due.length > 0 ? due : closed(deps, arrivals, now)
  if (ready.length === 0) return false
  const end = await deps.read(
    ready.map(({ path }) => path),
    due.length > 0,
  )
  if (end.state === 'refused') throw refusalOf(end)
  conclude(deps, arrivals, ready, end)
  if (end.state === 'paused') throw refusalOf(end)
  return true
}

/** Settled files that no process of this machine still writes to. */
function closed({ folders: { root } }: Deps, arrivals: Arrivals, now: number): SeenFile[] {
  const settled = arrivals.settled(now, filesAtATime)
  if (settled.length === 0) return []
  const written = filesBeingWritten(root)
  return settled.filter(({ path }) => {
    if (!written.has(join(root, path))) return true
    arrivals.postpone(path, now)
    return false
  })
}

function conclude(deps: Deps, arrivals: Arrivals, ready: readonly SeenFile[], end: RoundEnd): void {
  const aftermath = createAftermath(deps.folders)
  const counts = { read: 0, failed: 0, unchanged: 0 }
  for (const file of ready) {
    const event = end.events.get(file.path)
    try {
      if (event === undefined) {
        // Nothing is known about it where the run has not ended well: it is read in a later round.
        if (end.state !== 'finished' || !end.isWhole) continue
        counts.unchanged += 1
      } else if (event.outcome === 'unstable' || event.outcome === 'cancelled') {
        arrivals.postpone(file.path, performance.now())
        continue
      } else if (event.error !== null) {
        counts.failed += 1
        if (isWorthRetry(event.error.code) && arrivals.fail(file, performance.now())) continue
        aftermath.failed(
          file,
          event.error,
          isWorthRetry(event.error.code) ? deps.retriesMs.length + 1 : 1,
        )
        arrivals.settle(file)
        continue
      } else counts.read += 1
      aftermath.succeeded(file)
    } catch (thrown) {
      deps.tell(`${file.path}: ${toError(thrown).message}`) // It was read; only its move failed.
    }
    arrivals.settle(file)
  }
  deps.onRound(counts)
}

/** A damaged file stays damaged; a busy machine or a dead worker does not stay so. */
const isWorthRetry = (code: string): boolean =>
  isErrorCode(code) && new ScriptoriumError(code, '').retryable

const refusalOf = ({ error }: RoundEnd): Error =>
  new Error(error?.message ?? 'the run was not accepted')
