import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { formats } from '../../../shared/contract/result/formats.ts'
import { toError } from '../../../shared/process/errors.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { dropPictures, type Spool } from '../../../shared/files/spool.ts'
import { jobIdsOf, missingJobs } from '../../ledger/document-jobs.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { outputNames } from '../../outputs/files/output-files.ts'
import type { Extent } from '../planning/plan-file.ts'
import { replan } from '../planning/replan.ts'
import { createSpoolInputs } from './spool-inputs.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  queue: PageQueue
  spool: Spool
  absorb: (reports: readonly WorkerReport[]) => Promise<void>
  log: Logger
}

const wasCancelled = { code: 'cancelled', message: 'was cancelled' }

/** Users' commands about single documents. Each is idempotent: a command may be delivered twice. */
export function createDocumentCommands(deps: Deps) {
  const { ledger, redis, keys, queue, spool, absorb, log } = deps
  const { documents, pages, revisions, runs, submissions } = ledger

  const cancel = async (ids: readonly string[]): Promise<void> => {
    const rows = ids.flatMap((id) => documents.get(id) ?? [])
    // A twin whose original is cancelled is read itself: a twin that is cancelled, too, must have ended before.
    const open = [
      ...rows.filter(({ state }) => state === 'waiting'),
      ...rows.filter(({ state }) => state === 'planned'),
    ]
    await absorb(open.map(toCancelled))
    // After the ledger: a worker that checks in between reads on, and its report is ignored.
    const marks = redis.pipeline()
    for (const row of open) marks.set(keys.cancelled(row.jobId), '1', 'EX', ttl.cancelled)
    const failure = (await marks.exec())?.find(([error]) => error !== null)?.[0]
    if (failure) throw failure
    for (const row of open) await queue.remove(jobIdsOf(row))
  }

  /** An upload without documents is deleted, too. */
  const leave = (runId: string, id: string): void => {
    submissions.remove(runId, id)
    if (!submissions.hasAny(runId)) runs.remove(runId)
  }

  const inputs = createSpoolInputs({ spool, isNeeded: documents.isSpooled })
  const dropInputs = (rows: readonly Document[]): void =>
    inputs.drop(rows.flatMap(({ sha256 }) => sha256 ?? []))

  return {
    cancel,
    replan: (rows: readonly Document[], extent?: Extent): string[] => replan(ledger, rows, extent),
    /** Adds uploads that were planned again to the queue. */
    async enqueue(ids: readonly string[]): Promise<void> {
      await queue.add(
        ids.flatMap((id) => {
          const row = documents.get(id)
          const run = row && runs.get(row.runId)
          return row?.state !== 'planned' || run === undefined
            ? []
            : missingJobs(run, row, pages.states(id))
        }),
      )
    },
    /** A removed document may return as the same job: Redis must not consider it done or cancelled. */
    async forgetJobs(id: string): Promise<void> {
      const row = documents.get(id)
      if (row?.state !== 'final') return
      await redis.del(jobIdsOf(row).flatMap((jobId) => [keys.done(jobId), keys.cancelled(jobId)]))
    },
    /**
     * Removes an ended document: its record, its text, its output files, and for an upload its input. Many uploads may
     * have submitted it: they are removed first, so that a command which is handled again finds the rest.
     */
    async remove(id: string): Promise<void> {
      const turns = createEventTurns()
      for (const runIds of submissions.runsOf(id)) {
        if (documents.get(id)?.state !== 'final') return
        ledger.transaction(() => runIds.forEach((runId) => leave(runId, id)))
        await turns.give()
      }
      const row = documents.get(id)
      if (row?.state !== 'final') return
      const run = runs.getFolder(row.runId)
      const claimed = run === undefined ? [] : ledger.claims.of(run.request.out, row.path, id)
      if (run !== undefined) removeOutputs(run, row, claimed, log)
      ledger.transaction(() => {
        if (!documents.remove(id)) return
        pages.clear(id)
        revisions.clear(id)
        if (run !== undefined) ledger.claims.remove(run.request.out, row.path, id)
        // Accepted at the last moment.
        for (const runIds of submissions.runsOf(id)) runIds.forEach((runId) => leave(runId, id))
      })
      dropPictures(spool, id)
      if (row.origin === 'upload') dropInputs([row])
    },
    /** Deletes an upload's text and input; the record stays as evidence. */
    expire(rows: readonly Document[]): void {
      ledger.transaction(() => {
        for (const { id } of rows) {
          if (!documents.expire(id)) continue
          pages.clear(id)
          revisions.clear(id)
        }
      })
      for (const { id } of rows) dropPictures(spool, id)
      dropInputs(rows)
    },
  }
}

export type DocumentCommands = ReturnType<typeof createDocumentCommands>

function toCancelled({ id, jobId }: Document): WorkerReport {
  return {
    v: 1,
    kind: 'failed',
    jobId,
    documentId: id,
    outcome: 'cancelled',
    error: wasCancelled,
    attempts: 0,
    worker: 'none',
    page: null,
    pagesTotal: null,
    input: null,
  }
}

/** Files that cannot be removed stay: a failing command would block all others. */
function removeOutputs(
  { request }: FolderRun,
  row: Document,
  claimed: readonly string[],
  log: Logger,
): void {
  const { path, pagesTotal } = row
  const own = formats.filter((format) => claimed.includes(format))
  for (const name of own.flatMap((format) => outputNames(path, format, pagesTotal ?? 1))) {
    const file = join(request.out, name)
    try {
      rmSync(file, { force: true })
    } catch (thrown) {
      log.warn({ file, err: toError(thrown) }, 'removing an output file failed')
    }
  }
}
