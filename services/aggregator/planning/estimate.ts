import { statSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formats } from '../../../shared/contract/result/formats.ts'
import { toError } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Estimate } from '../../../shared/contract/messages/progress.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { ReadDocument } from '../../ledger/queries/figures.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { livingWorkers } from '../../../shared/redis/heartbeats.ts'
import { outputNames } from '../../outputs/files/output-files.ts'
import type { Work } from '../progress/run-forecast.ts'
import type { RunProgress } from '../progress/run-progress.ts'

interface Deps {
  ledger: Ledger
  run: FolderRun
  progress: RunProgress
  redis: Redis
  keys: Keys
}

/** Cost of reading some documents. */
interface Figures {
  bytes: number
  busyMs: number
  outputBytes: number
  workers: number
}

/** Fewer documents are no basis, and a run of fewer needs no estimate. */
const fewestDocuments = 20
const sampleSize = 200
const earlierRuns = 5
const everyMs = 1_000

/** Estimates as soon as there is a basis, and logs a warning where the output will not fit on its disk. */
export function startEstimating({ log, ...deps }: Deps & { log: Lines }) {
  const { run, progress } = deps
  const estimate = createEstimator(deps)
  const attempt = async (): Promise<void> => {
    try {
      await estimate()
    } catch (thrown) {
      log.warn({ runId: run.id, err: toError(thrown) }, 'estimating the run failed, retrying')
    }
    const found = progress.snapshot().estimate
    if (found === undefined) return
    clearInterval(timer)
    if (found.freeBytes !== null && found.freeBytes < found.outputBytes) {
      log.warn(
        { runId: run.id, out: run.request.out, ...found },
        'the output will not fit on its disk',
      )
    }
  }
  const timer = setInterval(() => void attempt(), everyMs)
  return { attempt, stop: () => clearInterval(timer) }
}

/**
 * Estimates the cost of a run, once: from a run with the same recipe and engine, else from its own first documents.
 * Time and output grow with file size for files of all kinds: a PDF of a thousand pages is one document.
 */
export function createEstimator({ ledger, run, progress, redis, keys }: Deps) {
  const { out, dryRun, combined, canary } = run.request

  const total = (): Work | undefined =>
    progress.snapshot().planningDone && !dryRun ? ledger.figures.work(run.id) : progress.expected()

  const figuresOf = (runId: string, folder: string): Figures | undefined => {
    const sample = ledger.figures.sample(runId, sampleSize)
    if (sample.length < fewestDocuments) return undefined
    const workers = ledger.figures.workers(runId)
    return sample.reduce<Figures>(
      (sum, document) => ({
        workers,
        bytes: sum.bytes + document.bytes,
        busyMs: sum.busyMs + document.busyMs,
        outputBytes: sum.outputBytes + writtenBytes(folder, document) + document.storedBytes,
      }),
      { workers, bytes: 0, busyMs: 0, outputBytes: 0 },
    )
  }

  const ofEarlierRun = (): Figures | undefined => {
    for (const { id, out: folder } of ledger.figures.earlierRuns(
      run.fingerprint,
      run.id,
      earlierRuns,
    )) {
      const figures = figuresOf(id, folder)
      if (figures !== undefined) return figures
    }
    return undefined
  }

  return async (): Promise<void> => {
    const work = total()
    if (progress.snapshot().estimate !== undefined) return
    if (work === undefined || work.documents < fewestDocuments) return
    const earlier = ofEarlierRun()
    const figures = earlier ?? figuresOf(run.id, out)
    if (figures === undefined || figures.bytes === 0) return
    const basis: Estimate['basis'] =
      earlier !== undefined ? 'earlier_run' : canary === undefined ? 'first_pages' : 'canary'
    const workers = (await livingWorkers(redis, keys)).length || Math.max(1, figures.workers)
    const share = work.bytes / figures.bytes
    // The combined files hold everything a second time.
    const copies = combined ? 2 : 1
    progress.estimated({
      documents: work.documents,
      seconds: Math.round((share * figures.busyMs) / workers / 1_000),
      outputBytes: Math.round(share * figures.outputBytes * copies),
      freeBytes: freeBytes(out),
      basis,
    })
  }
}

/** Deleted files count as 0. */
function writtenBytes(folder: string, { path, pagesTotal }: ReadDocument): number {
  const names = formats.flatMap((format) => outputNames(path, format, pagesTotal))
  const sizes = names.map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Free space on the disk of a folder that may not exist yet; null if the system does not report it. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return dirname(folder) === folder ? null : freeBytes(dirname(folder))
  }
}
