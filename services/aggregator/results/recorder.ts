import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { documentJobId } from '../../../shared/redis/queue.ts'
import type { StreamEntry } from '../../../shared/redis/result-stream.ts'
import { isOfService } from '../progress/breaker.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { recordAcceptance } from './acceptance.ts'
import { createCompletion } from './completion.ts'
import { createEndings } from './endings.ts'
import { nothingRecorded, type Recorded } from './recorded.ts'

/**
 * Records results in the ledger; the caller wraps it in a transaction. Idempotent: a report about a document that has
 * ended, or about an earlier pass of it, changes nothing. Calls `announce` with each document that becomes final.
 */
export function createRecorder(ledger: Ledger, announce: (documentId: string) => void) {
  const { documents, pages, runs } = ledger
  const { end, requeue, share } = createEndings(ledger, announce)
  const { endIfComplete, endFailed } = createCompletion(ledger, { end })

  /** Errors that a broken service caused in a paused run do not fail its documents. */
  const isPutOff = (row: Document, code: string): boolean =>
    isOfService(code) && runs.get(row.runId)?.state === 'paused'

  const report = (given: WorkerReport, out: Recorded): void => {
    const row = documents.get(given.documentId)
    if (row === undefined || row.jobId !== documentJobId(given.jobId)) return
    const isCancelled = given.kind === 'failed' && given.outcome === 'cancelled'
    if (row.state !== 'planned' && !(isCancelled && row.state === 'waiting')) return
    const reading = { runId: row.runId, documentId: row.id }
    if (isHandedBack(given)) {
      out.unread.push(given.jobId)
      return
    }
    switch (given.kind) {
      case 'page': {
        const { result, pagesTotal } = given
        // A blank page and a PDF's own text need no engine, and would hide that it is broken.
        if (result.readings.length > 0)
          out.readings.push({ ...reading, page: result.page, error: null })
        documents.setInput(row, given.input, pagesTotal)
        pages.putResult(row.id, result)
        out.pagesRead.push({ runId: row.runId, documentId: row.id, page: result.page, pagesTotal })
        endIfComplete(row, out, pagesTotal)
        break
      }
      case 'retrying':
        out.readings.push({ ...reading, page: given.page, error: given.error })
        break
      case 'failed':
        out.readings.push({ ...reading, page: given.page, error: given.error })
        if (isPutOff(row, given.error.code)) out.unread.push(given.jobId)
        else if (given.page === null) endFailed(row, given, out)
        else {
          pages.putFailure(row.id, { ...given, page: given.page })
          endIfComplete(row, out, given.pagesTotal)
        }
        break
      case 'expanded':
        documents.setInput(row, given.input, given.pagesTotal)
        endIfComplete(row, out, given.pagesTotal)
        break
      case 'duplicate':
        share(row, given.input, given.of, out)
        break
      case 'hashed': {
        const { sha256 } = given.input
        const original = documents.completeWithContent(sha256, row.fingerprint, row.id)
        if (original === undefined) requeue(row, out)
        else share(row, given.input, original.id, out)
        break
      }
    }
  }

  /** `begin` is called before each entry. */
  return (entries: readonly StreamEntry[], begin?: (entry: StreamEntry) => void): Recorded => {
    const out = nothingRecorded()
    for (const entry of entries) {
      begin?.(entry)
      if (entry.kind === 'accepted') {
        recordAcceptance(ledger, entry)
        out.accepted.push(entry)
      } else report(entry, out)
    }
    return out
  }
}

/** Older workers fail jobs that were planned with another engine, which is no failure of the document. */
const isHandedBack = (given: WorkerReport): boolean =>
  given.kind === 'failed' && given.error.code === 'recipe_mismatch'
