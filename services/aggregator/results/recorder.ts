import { readOutcomes } from '../../../shared/contract/contract.ts'
import { jobIdOf } from '../../../shared/contract/ids.ts'
import { countWanted } from '../../../shared/contract/page-list.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type {
  ReportedInput,
  WorkerReport,
} from '../../../shared/contract/messages/worker-report.ts'
import { documentJobId, type QueuedJob } from '../../../shared/redis/queue.ts'
import type { StreamEntry } from '../../../shared/redis/result-stream.ts'
import { isOfService, type ReadingOutcome } from '../progress/breaker.ts'
import { documentJob } from '../../ledger/document-jobs.ts'
import type { Document, Ending } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Run } from '../../ledger/runs.ts'
import { nextPass } from '../../ledger/document-jobs.ts'

/** Follow-up work of a batch of reports after its commit. */
export interface Recorded {
  /** Documents whose output files must be written. */
  read: string[]
  /** Documents that ended without text. */
  failed: string[]
  /** Documents that must be read after all. */
  requeued: QueuedJob[]
  /** Pages that were read. */
  pagesRead: PageRead[]
  /** Every reading, in the order of the reports: whether it failed, and why. */
  readings: ReadingOutcome[]
  /**
   * Jobs whose failures are not recorded: their run is paused, and they are read again when it continues; or an older
   * worker could not read them, and the reconciler adds them again, at most once in ten seconds.
   */
  unread: string[]
  /** Uploads accepted by the API: their tickets are no longer needed. */
  accepted: Acceptance[]
}

const maxLists = 100
const noReason = { code: 'internal', message: 'no reason was given' }

/** One page whose result has been recorded. */
export interface PageRead {
  runId: string
  documentId: string
  page: number
  pagesTotal: number
}

/**
 * Records results in the ledger; the caller wraps it in a transaction. Idempotent: a report about a document that has
 * ended, or about an earlier pass of it, changes nothing. Calls `announce` with each document that becomes final.
 */
export function createRecorder(ledger: Ledger, announce: (documentId: string) => void) {
  const { documents, pages, runs } = ledger
  /** Page lists of the runs that reported last: parsing a whole request for each page would be wasteful. */
  const lists = new Map<string, string>()
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
    const run: Run | undefined = runs.get(row.runId)
    if (run === undefined) return
    const plan = nextPass(row)
    if (!documents.plan(plan, row)) return
    const { job, ...queued } = documentJob(run, plan, false)
    out.requeued.push({ ...queued, job: { ...job, ...(insteadOf !== undefined && { insteadOf }) } })
  }

  /** `pagesTotal` comes from the report: a page may fail before the report that its document was opened. */
  const endIfComplete = (row: Document, out: Recorded, pagesTotal: number | null): void => {
    if (pages.countOf(row.id) < pagesOf(row, pagesTotal ?? row.pagesTotal ?? 1)) return
    const states = pages.states(row.id)
    const failures = states.filter((page) => page.error !== null)
    const [bad] = failures
    const worker = states[0]?.worker ?? null
    if (bad === undefined) {
      const outcome = states.every((page) => page.outcome === 'empty') ? 'empty' : 'succeeded'
      return end(row, { outcome, error: null, worker }, null, out)
    }
    const message = `page ${bad.page} of ${row.pagesTotal ?? pagesTotal} ${bad.error?.message}`
    const isPartial = failures.length < states.length
    const others = failures.length === 1 ? '' : ` (and ${failures.length - 1} more pages failed)`
    const error = { code: bad.error?.code ?? 'internal', message: `${message}${others}` }
    end(row, { outcome: isPartial ? 'partial' : bad.outcome, error, worker: bad.worker }, null, out)
  }

  /** Number of a document's pages that its recipe selects. */
  const pagesOf = ({ runId }: Document, pagesTotal: number): number => {
    if (lists.size > maxLists) lists.clear()
    const list = lists.get(runId) ?? runs.get(runId)?.request.recipe.pages ?? ''
    lists.set(runId, list)
    return countWanted(list, pagesTotal)
  }

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

  /** Uploads: plans their documents, unless these are known, or another upload has planned them. */
  const accept = ({ request, fingerprint, acceptedAt, documents: files }: Acceptance): void => {
    runs.add(request, fingerprint, acceptedAt)
    for (const { documentId: id, jobId, pass, name, sha256, bytes, mediaType } of files) {
      const isNew = ledger.submissions.add(request.runId, id, name)
      const row = documents.get(id)
      // It had not expired when the API checked: the upload brought its bytes, so it is read again.
      const isTooLate = isNew && row != null && row.expiredAt !== null && row.pass >= pass
      const next = isTooLate ? row.pass + 1 : pass
      const isPlanned = documents.planUpload({
        id,
        runId: request.runId,
        path: name,
        stat: '',
        bytes,
        fingerprint,
        jobId: isTooLate ? jobIdOf(id, '', fingerprint, next) : jobId,
        pass: next,
        sha256,
        mediaType,
      })
      if (isPlanned) pages.clear(id)
    }
  }

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
        else if (given.page === null) {
          const { outcome, error, worker } = given
          end(row, { outcome, error, worker }, null, out)
        } else {
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
        const original = documents.withContent(sha256, row.fingerprint, row.id)
        if (original === undefined) requeue(row, out)
        else share(row, given.input, original.id, out)
        break
      }
    }
  }

  /** `begin` is called before each entry. */
  return (entries: readonly StreamEntry[], begin?: (entry: StreamEntry) => void): Recorded => {
    const out: Recorded = {
      read: [],
      failed: [],
      requeued: [],
      pagesRead: [],
      readings: [],
      unread: [],
      accepted: [],
    }
    for (const entry of entries) {
      begin?.(entry)
      if (entry.kind === 'accepted') {
        accept(entry)
        out.accepted.push(entry)
      } else report(entry, out)
    }
    return out
  }
}

/** Older workers fail jobs that were planned with another engine; that says nothing about the document. */
const isHandedBack = (given: WorkerReport): boolean =>
  given.kind === 'failed' && given.error.code === 'recipe_mismatch'
