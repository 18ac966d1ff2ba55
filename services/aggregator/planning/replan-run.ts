import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { planAgain } from './plan-file.ts'
import { nextPass } from '../../ledger/document-jobs.ts'

/**
 * Plans the unfinished documents of a run again, for another engine, or another version of this one. Finished pages of
 * unfinished documents are read again, too: a document has one engine. Finished documents stay. Yields the previous
 * state of the documents, in batches, each in a transaction. The caller sets the run's engine after the last batch: if
 * we die before, repeating the call finds the rest.
 */
export function* replanOpen(
  ledger: Ledger,
  runId: string,
  fingerprint: string,
): Generator<Document[]> {
  for (const open of ledger.documents.openInTurns(runId)) {
    yield ledger.transaction(() =>
      open.filter((row) => {
        if (row.fingerprint === fingerprint) return false
        return planAgain(ledger, row, nextPass({ ...row, fingerprint }), 'all') !== undefined
      }),
    )
  }
}
