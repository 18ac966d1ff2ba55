import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { formats } from '../../shared/contract.ts'
import { systemCode, toError } from '../../shared/errors.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { WorkerReport } from '../../shared/messages.ts'
import { pageJobId, type PageQueue } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Spool } from '../../shared/spool.ts'
import { statKey } from '../../shared/stat-key.ts'
import { missingJobs } from './document-jobs.ts'
import type { DocumentRow } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { outputNames } from './outputs/files.ts'
import { nextPass, planAgain } from './plan-file.ts'

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

/** What users ask about single documents. Each is idempotent: a command may be delivered twice. */
export function createDocumentCommands(deps: Deps) {
  const { ledger, redis, keys, queue, spool, absorb, log } = deps
  const { documents, pages, runs, submissions } = ledger

  const cancel = async (ids: readonly string[]): Promise<void> => {
    const open = ids.flatMap((id) => {
      const row = documents.get(id)
      return row?.state === 'planned' || row?.state === 'waiting' ? [row] : []
    })
    const waiting = open.filter(({ state }) => state === 'waiting')
    ledger.transaction(() => {
      for (const row of waiting) documents.resume(row.id)
    })
    await absorb(open.map(toCancelled))
    // After the ledger: a worker that looks in between reads on, and its report is ignored.
    for (const row of open) {
      await redis.set(keys.cancelled(row.job_id), '1', 'EX', ttl.cancelled)
      await queue.remove(jobIdsOf(row))
    }
  }

  /** Removes inputs that nobody needs any more; what is being accepted just now is not in the ledger yet. */
  const dropInputs = (rows: readonly DocumentRow[]): void => {
    const tickets = readTickets(spool)
    for (const { sha256 } of rows) {
      if (sha256 === null || documents.isSpooled(sha256) || tickets.includes(sha256)) continue
      rmSync(join(spool.inputs, sha256), { force: true })
    }
  }

  return {
    cancel,
    /**
     * Plans failed documents anew and lets their runs go on; returns the ids of those that are to be read again. In
     * one transaction: where we die after it, the ledger tells what is left to be done.
     */
    replan(rows: readonly DocumentRow[]): string[] {
      return ledger.transaction(() =>
        rows.flatMap((row) => {
          const stat = row.is_upload === 1 ? '' : currentStat(runs.get(row.run_id), row)
          if (stat === undefined) return [] // There is nothing left to read: it stays as it ended.
          planAgain(ledger, row, nextPass(row, stat), false)
          const runIds = row.is_upload === 1 ? submissions.runsOf(row.id) : [row.run_id]
          for (const id of runIds) if (runs.get(id)?.state !== 'active') runs.reopen(id)
          return [row.id]
        }),
      )
    },
    /** Puts uploads that were planned anew on the queue. */
    async enqueue(ids: readonly string[]): Promise<void> {
      await queue.add(
        ids.flatMap((id) => {
          const row = documents.get(id)
          const run = row && runs.get(row.run_id)
          return row === undefined || run === undefined
            ? []
            : missingJobs(run, row, pages.states(id))
        }),
      )
    },
    /** What is removed may come again, as the same job: Redis must not take it for done, or for cancelled. */
    async forgetJobs(id: string): Promise<void> {
      const row = documents.get(id)
      if (row?.state !== 'final') return
      await redis.del(jobIdsOf(row).flatMap((jobId) => [keys.done(jobId), keys.cancelled(jobId)]))
    },
    /** Removes an ended document: its record, its text, its output files, and of an upload its input. */
    remove(id: string): void {
      const row = documents.get(id)
      if (row?.state !== 'final') return
      const run = runs.get(row.run_id)
      if (run !== undefined && row.is_upload === 0) removeOutputs(run, row, log)
      const runIds = submissions.runsOf(id)
      ledger.transaction(() => {
        pages.clear(id)
        submissions.removeDocument(id)
        documents.remove(id)
        for (const runId of runIds) {
          if (submissions.documentsOf(runId).length === 0) runs.remove(runId)
        }
      })
      if (row.is_upload === 1) dropInputs([row])
    },
    /** Takes an upload's text and input away; the record stays, to say that it was here. */
    expire(rows: readonly DocumentRow[]): void {
      ledger.transaction(() => {
        for (const { id } of rows) {
          pages.clear(id)
          documents.expire(id)
        }
      })
      dropInputs(rows)
    },
  }
}

export type DocumentCommands = ReturnType<typeof createDocumentCommands>

function toCancelled({ id, job_id: jobId }: DocumentRow): WorkerReport {
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

function jobIdsOf({ job_id: jobId, pages_total: total }: DocumentRow): string[] {
  const pageIds = Array.from({ length: total ?? 0 }, (_, index) => pageJobId(jobId, index + 1))
  return [jobId, ...pageIds]
}

/** The file may have been mended since: what is read is what lies there now. Undefined where nothing does. */
function currentStat(run: Run | undefined, { path }: DocumentRow): string | undefined {
  if (run === undefined) return undefined
  try {
    return statKey(lstatSync(join(run.request.root, path), { bigint: true }))
  } catch {
    return undefined // Whatever keeps us from looking keeps a worker from reading.
  }
}

/** The text of all tickets, one after the other: there are as many as uploads that have just come in. */
function readTickets({ tickets }: Spool): string {
  if (!existsSync(tickets)) return ''
  return readdirSync(tickets)
    .map((name) => readTicket(join(tickets, name)))
    .join('')
}

function readTicket(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return '' // The API takes back what it could not announce.
    throw thrown
  }
}

/** What cannot be removed is left: a command that fails would stand in the way of all others. */
function removeOutputs({ request }: Run, row: DocumentRow, log: Logger): void {
  const { path, pages_total: pagesTotal } = row
  for (const name of formats.flatMap((format) => outputNames(path, format, pagesTotal ?? 1))) {
    const file = join(request.out, name)
    try {
      rmSync(file, { force: true })
    } catch (thrown) {
      log.warn({ file, err: toError(thrown) }, 'an output file cannot be removed')
    }
  }
}
