import { readOutcomes } from '../../shared/contract.ts'
import type { Input, WorkerReport } from '../../shared/messages.ts'
import { documentJobId, type QueuedJob } from '../../shared/queue.ts'
import { documentJob } from './document-jobs.ts'
import type { DocumentRow, Ending } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { nextPass } from './plan-file.ts'

/** What follows from a batch of reports once it is committed. */
export interface Recorded {
  /** Documents whose output files are to be written. */
  read: string[]
  /** Documents that ended without text. */
  failed: string[]
  /** Documents that are to be read after all. */
  requeued: QueuedJob[]
  /** Pages that were read, by run. */
  pagesRead: Map<string, number>
}

/**
 * Enters reports into the ledger; the caller wraps it in a transaction. Idempotent: a report about a document that
 * has ended, or about an earlier pass of it, changes nothing.
 */
export function createRecorder({ documents, pages, runs }: Ledger) {
  const end = (
    row: DocumentRow,
    ending: Ending,
    duplicateOf: string | null,
    out: Recorded,
  ): void => {
    if (ending.error === null) {
      documents.setRead(row.id, ending, duplicateOf)
      out.read.push(row.id)
    } else {
      documents.fail(row.id, ending.outcome, ending.error)
      out.failed.push(row.id)
    }
    for (const twin of documents.waitingFor(row.id)) {
      const original = documents.get(row.id)
      if (original !== undefined) follow(twin, original, out)
    }
  }

  /** Gives `row` what its original got; reads it by itself where that says nothing about these bytes. */
  const follow = (row: DocumentRow, original: DocumentRow, out: Recorded): void => {
    const { outcome, worker } = original
    if (outcome !== null && readOutcomes.has(outcome)) {
      pages.copy(original.id, row.id)
      end(row, { outcome: 'duplicate', error: null, worker }, original.id, out)
    } else if (outcome === 'rejected' && original.error_code !== 'unstable') {
      const { error_code: code, error_message: message } = original
      const error = { code: code ?? 'internal', message: message ?? '' }
      end(row, { outcome, error, worker }, original.id, out)
    } else requeue(row, out)
  }

  const requeue = (row: DocumentRow, out: Recorded): void => {
    const run: Run | undefined = runs.get(row.run_id)
    if (run === undefined) return
    const plan = nextPass(row)
    documents.plan(plan)
    out.requeued.push(documentJob(run, plan, false))
  }

  /** `pagesTotal` is what the report knows: a page may fail before its document is known to have been opened. */
  const endIfComplete = (row: DocumentRow, out: Recorded, pagesTotal: number | null): void => {
    const states = pages.states(row.id)
    if (states.length < (pagesTotal ?? row.pages_total ?? 1)) return
    const bad = states.find((page) => page.error_code !== null)
    const worker = states[0]?.worker ?? null
    if (bad === undefined) {
      const outcome = states.every((page) => page.outcome === 'empty') ? 'empty' : 'succeeded'
      return end(row, { outcome, error: null, worker }, null, out)
    }
    const message = `page ${bad.page} of ${states.length} ${bad.error_message}`
    const error = { code: bad.error_code ?? 'internal', message }
    end(row, { outcome: bad.outcome, error, worker: bad.worker }, null, out)
  }

  const share = (row: DocumentRow, input: Input, of: string, out: Recorded): void => {
    documents.setInput(row.id, input, null)
    const original = documents.get(of)
    if (original === undefined || original.fingerprint !== row.fingerprint) return requeue(row, out)
    if (original.state === 'planned') documents.waitFor(row.id, of)
    else follow(row, original, out)
  }

  return (reports: readonly WorkerReport[]): Recorded => {
    const out: Recorded = { read: [], failed: [], requeued: [], pagesRead: new Map() }
    for (const report of reports) {
      const row = documents.get(report.documentId)
      if (row?.state !== 'planned' || row.job_id !== documentJobId(report.jobId)) continue
      switch (report.kind) {
        case 'page':
          documents.setInput(row.id, report.input, report.pagesTotal)
          pages.putResult(row.id, report.result)
          out.pagesRead.set(row.run_id, (out.pagesRead.get(row.run_id) ?? 0) + 1)
          endIfComplete(row, out, report.pagesTotal)
          break
        case 'failed':
          if (report.page === null) {
            const { outcome, error, worker } = report
            end(row, { outcome, error, worker }, null, out)
          } else {
            pages.putFailure(row.id, { ...report, page: report.page })
            endIfComplete(row, out, report.pagesTotal)
          }
          break
        case 'expanded':
          documents.setInput(row.id, report.input, report.pagesTotal)
          endIfComplete(row, out, report.pagesTotal)
          break
        case 'duplicate':
          share(row, report.input, report.of, out)
          break
        case 'hashed': {
          const { sha256 } = report.input
          const original = documents.withContent(sha256, row.fingerprint, row.id)
          if (original === undefined) requeue(row, out)
          else share(row, report.input, original.id, out)
          break
        }
      }
    }
    return out
  }
}
