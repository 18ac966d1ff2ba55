import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { nextPass } from '../../ledger/document-jobs.ts'

/**
 * Plans documents of a run again that failed, or have a failed page, with one of these codes: the service was to blame,
 * not the file. Each gets a new job id, because Redis knows that the old ones have reported. Read pages stay. Each
 * iteration is a batch in a transaction of its own; after a crash, a repetition finds the rest. Results may be recorded
 * between iterations, so passes repeat until one finds nothing; that last pass is not interrupted.
 */
export function* putBack(
  ledger: Ledger,
  runId: string,
  isToBlame: (code: string) => boolean,
): Generator<void> {
  const { documents, pages } = ledger
  const isBlamed = ({ error, outcome }: Document): boolean =>
    error !== null && outcome !== 'cancelled' && isToBlame(error.code)
  const planAll = (rows: readonly Document[]): number =>
    ledger.transaction(() => rows.filter((row) => planRest(ledger, row)).length)
  let planned: number
  do {
    planned = 0
    for (const failed of documents.failedInTurns(runId)) {
      planned += planAll(failed.filter(isBlamed))
      if (planned > 0) yield
    }
    for (const id of pages.openWithFailures(runId)) {
      const row = documents.get(id)
      const codes = pages.failures(id).map(({ error }) => error.code)
      if (row?.state === 'planned' && codes.some(isToBlame)) planned += planAll([row])
      if (planned > 0) yield
    }
  } while (planned > 0)
}

/** Plans the unread pages. Returns false if another caller has just planned the document. */
function planRest({ documents, pages }: Ledger, row: Document): boolean {
  const plan = nextPass(row)
  if (!documents.plan(plan, row)) return false
  pages.clearFailures(row.id)
  const { sha256, bytes, mediaType, pagesTotal } = row
  const isOpened = sha256 !== null && pagesTotal !== null && pages.countOf(row.id) > 0
  if (isOpened) documents.setInput(plan, { sha256, bytes, mediaType: mediaType ?? '' }, pagesTotal)
  return true
}
