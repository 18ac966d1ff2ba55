import { readOutcomes } from '../../shared/contract.ts'
import { pagesWanted } from '../../shared/page-list.ts'
import type { Acceptance, Input, WorkerReport } from '../../shared/messages.ts'
import { documentJobId, type QueuedJob } from '../../shared/queue.ts'
import type { StreamEntry } from '../../shared/results.ts'
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
  /** Pages that were read. */
  pagesRead: PageRead[]
  /** What the API took in: its ticket has done its duty. */
  accepted: Acceptance[]
}

const mostLists = 100
const noReason = { code: 'internal', message: 'no reason was given' }

/** One page whose result has been recorded. */
export interface PageRead {
  runId: string
  documentId: string
  page: number
  pagesTotal: number
}

/**
 * Enters results into the ledger; the caller wraps it in a transaction. Idempotent: a report about a document that
 * has ended, or about an earlier pass of it, changes nothing. `announce` is told what becomes final here.
 */
export function createRecorder(ledger: Ledger, announce: (documentId: string) => void) {
  const { documents, pages, runs } = ledger
  /** The lists of pages of runs that reported last: their requests hold more than is worth parsing for each page. */
  const lists = new Map<string, string>()
  const end = (
    row: DocumentRow,
    ending: Ending,
    duplicateOf: string | null,
    out: Recorded,
  ): void => {
    if (readOutcomes.has(ending.outcome)) {
      documents.setRead(row.id, ending, duplicateOf)
      out.read.push(row.id)
    } else {
      documents.fail(row.id, ending.outcome, ending.error ?? noReason)
      announce(row.id)
      out.failed.push(row.id)
    }
    for (const twin of documents.waitingFor(row.id)) {
      const original = documents.get(row.id)
      if (original !== undefined) follow(twin, original, out)
    }
  }

  /** Gives `row` what its original got; reads it by itself where that says nothing about these bytes. */
  const follow = (row: DocumentRow, original: DocumentRow, out: Recorded): void => {
    const { outcome, worker, error_code: code } = original
    if (outcome === 'partial') {
      pages.copy(original.id, row.id)
      const error = { code: code ?? 'internal', message: original.error_message ?? '' }
      end(row, { outcome, error, worker }, original.id, out)
    } else if (outcome !== null && readOutcomes.has(outcome)) {
      pages.copy(original.id, row.id)
      end(row, { outcome: 'duplicate', error: null, worker }, original.id, out)
    } else if (outcome === 'rejected' && code !== 'unstable') {
      const error = { code: code ?? 'internal', message: original.error_message ?? '' }
      end(row, { outcome, error, worker }, original.id, out)
    } else requeue(row, out, original.id)
  }

  /** `insteadOf` holds a claim on this content that is no longer good: workers would find it again and again. */
  const requeue = (row: DocumentRow, out: Recorded, insteadOf?: string): void => {
    const run: Run | undefined = runs.get(row.run_id)
    if (run === undefined) return
    const plan = nextPass(row)
    documents.plan(plan)
    const { job, ...queued } = documentJob(run, plan, false)
    out.requeued.push({ ...queued, job: { ...job, ...(insteadOf !== undefined && { insteadOf }) } })
  }

  /** `pagesTotal` is what the report knows: a page may fail before its document is known to have been opened. */
  const endIfComplete = (row: DocumentRow, out: Recorded, pagesTotal: number | null): void => {
    if (pages.countOf(row.id) < countWanted(row, pagesTotal ?? row.pages_total ?? 1)) return
    const states = pages.states(row.id)
    const failures = states.filter((page) => page.error_code !== null)
    const [bad] = failures
    const worker = states[0]?.worker ?? null
    if (bad === undefined) {
      const outcome = states.every((page) => page.outcome === 'empty') ? 'empty' : 'succeeded'
      return end(row, { outcome, error: null, worker }, null, out)
    }
    const message = `page ${bad.page} of ${row.pages_total ?? pagesTotal} ${bad.error_message}`
    const isPartial = failures.length < states.length
    const others = failures.length === 1 ? '' : ` (and ${failures.length - 1} more pages failed)`
    const error = { code: bad.error_code ?? 'internal', message: `${message}${others}` }
    end(row, { outcome: isPartial ? 'partial' : bad.outcome, error, worker: bad.worker }, null, out)
  }

  /** How many pages of a document its recipe asks for. */
  const countWanted = ({ run_id: runId }: DocumentRow, pagesTotal: number): number => {
    if (pagesTotal === 1) return 1
    if (lists.size > mostLists) lists.clear()
    const list = lists.get(runId) ?? runs.get(runId)?.request.recipe.pages ?? ''
    lists.set(runId, list)
    return pagesWanted(list, pagesTotal).length
  }

  const share = (row: DocumentRow, input: Input, of: string, out: Recorded): void => {
    documents.setInput(row.id, input, null)
    const original = documents.get(of)
    if (original === undefined || original.fingerprint !== row.fingerprint) {
      return requeue(row, out, of)
    }
    if (original.state === 'planned') documents.waitFor(row.id, of)
    else follow(row, original, out)
  }

  /** Uploads: their documents are planned, unless they are known, or another upload has planned them. */
  const accept = ({ request, fingerprint, acceptedAt, documents: files }: Acceptance): void => {
    runs.add(request, fingerprint, acceptedAt)
    for (const { documentId: id, jobId, pass, name, sha256, bytes, mediaType } of files) {
      ledger.submissions.add(request.runId, id, name)
      if ((documents.get(id)?.pass ?? 0) >= pass) continue
      pages.clear(id)
      documents.planUpload({
        id,
        run_id: request.runId,
        path: name,
        stat: '',
        bytes,
        fingerprint,
        job_id: jobId,
        pass,
        sha256,
        media_type: mediaType,
      })
    }
  }

  const report = (given: WorkerReport, out: Recorded): void => {
    const row = documents.get(given.documentId)
    if (row?.state !== 'planned' || row.job_id !== documentJobId(given.jobId)) return
    switch (given.kind) {
      case 'page': {
        const { result, pagesTotal } = given
        documents.setInput(row.id, given.input, pagesTotal)
        pages.putResult(row.id, result)
        out.pagesRead.push({ runId: row.run_id, documentId: row.id, page: result.page, pagesTotal })
        endIfComplete(row, out, pagesTotal)
        break
      }
      case 'failed':
        if (given.page === null) {
          const { outcome, error, worker } = given
          end(row, { outcome, error, worker }, null, out)
        } else {
          pages.putFailure(row.id, { ...given, page: given.page })
          endIfComplete(row, out, given.pagesTotal)
        }
        break
      case 'expanded':
        documents.setInput(row.id, given.input, given.pagesTotal)
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

  return (entries: readonly StreamEntry[]): Recorded => {
    const out: Recorded = { read: [], failed: [], requeued: [], pagesRead: [], accepted: [] }
    for (const entry of entries) {
      if (entry.kind === 'accepted') {
        accept(entry)
        out.accepted.push(entry)
      } else report(entry, out)
    }
    return out
  }
}
