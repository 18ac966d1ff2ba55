import { readOutcomes } from '../../../shared/contract/result/outcomes.ts'
import type { ReportedInput } from '../../../shared/contract/messages/worker-report.ts'
import { documentJob, nextPass } from '../../ledger/document-jobs.ts'
import type { Document, Ending } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Recorded } from './recorded.ts'

const noReason = { code: 'internal', message: 'no reason was given' }

/**
 * Ends documents in the ledger, and with each one its twins. Calls `announce` with each document that becomes final at
 * once.
 */
export function createEndings(ledger: Ledger, announce: (documentId: string) => void) {
  const { documents, pages, runs } = ledger
  const end = (row: Document, ending: Ending, duplicateOf: string | null, out: Recorded): void => {
    if (readOutcomes.has(ending.outcome)) {
      if (!documents.setRead(row, ending, duplicateOf)) return
      out.read.push(row.id)
    } else {
      if (!documents.fail(row, ending.outcome, ending.error ?? noReason)) return
      announce(row.id)
      out.failed.push(row.id)
    }
    for (const twin of documents.waitingFor(row.id)) {
      const original = documents.get(row.id)
      if (original !== undefined) follow(twin, original, out)
    }
  }

  /**
   * Gives `row` the result of its original; has it read separately where that result says nothing about these bytes.
   */
  const follow = (row: Document, original: Document, out: Recorded): void => {
    const { outcome, worker } = original
    const code = original.error?.code
    const isPoison = outcome === 'failed' && code === 'poison' // The same bytes would crash just as many workers.
    // It may have been planned again since, because its file changed: then it holds other bytes.
    if (original.sha256 !== row.sha256) return requeue(row, out, original.id)
    if (outcome === 'partial') {
      pages.copy(original.id, row.id)
      const error = original.error ?? { code: 'internal', message: '' }
      end(row, { outcome, error, worker }, original.id, out)
    } else if (outcome !== null && readOutcomes.has(outcome)) {
      pages.copy(original.id, row.id)
      end(row, { outcome: 'duplicate', error: null, worker }, original.id, out)
    } else if ((outcome === 'rejected' && code !== 'unstable') || isPoison) {
      const error = original.error ?? { code: 'internal', message: '' }
      end(row, { outcome, error, worker }, original.id, out)
    } else requeue(row, out, original.id)
  }

  /** `insteadOf` holds an invalid claim on this content: workers would find it again and again. */
  const requeue = (row: Document, out: Recorded, insteadOf?: string): void => {
    const run = runs.get(row.runId)
    if (run === undefined) return
    const plan = nextPass(row)
    if (!documents.plan(plan, row)) return
    const { job, ...queued } = documentJob(run, plan, false)
    out.requeued.push({ ...queued, job: { ...job, ...(insteadOf !== undefined && { insteadOf }) } })
  }

  /**
   * Gives `row` the result of the document `of`, now or when that ends; has it read separately where content or recipe
   * differ.
   */
  const share = (row: Document, input: ReportedInput, of: string, out: Recorded): void => {
    documents.setInput(row, input, null)
    const original = documents.get(of)
    if (original === undefined || original.fingerprint !== row.fingerprint) {
      return requeue(row, out, of)
    }
    const twin = { ...row, sha256: input.sha256 }
    if (original.state !== 'planned') return follow(twin, original, out)
    // Another run may never reach it, and its bytes may have changed by now.
    const { sha256 } = original
    const isSame = sha256 === null || sha256 === input.sha256
    if (original.runId !== row.runId || !isSame) return requeue(row, out, of)
    // If it fails before a worker reports its hash, its twins still know that it failed on these bytes.
    if (sha256 === null) documents.setInput(original, input, original.pagesTotal)
    documents.waitFor(row, of)
  }

  return { end, requeue, share }
}

export type Endings = ReturnType<typeof createEndings>
