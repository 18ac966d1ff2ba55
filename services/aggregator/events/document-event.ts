import type { RunEvent } from '../../../shared/contract/messages/progress.ts'
import type { Document } from '../../ledger/document.ts'
import type { PagesSummary } from '../../ledger/queries/page-figures.ts'

/** The event of a document that has just become final. */
export function toEnding(
  row: Document,
  { pages, confidence, ms }: PagesSummary,
): Omit<RunEvent, 'seq'> {
  const outcome = row.outcome ?? 'failed'
  return {
    path: row.path,
    documentId: row.id,
    outcome,
    pages,
    confidence,
    ms: Math.round(ms),
    error: row.error,
    ...(row.unavailable.length > 0 && { unavailable: row.unavailable }),
  }
}

/** The event of a file that was not read. `documentId` is null where the ledger does not know the file. */
export const unreadEvent = (
  path: string,
  documentId: string | null,
  outcome: RunEvent['outcome'],
  error: RunEvent['error'],
): Omit<RunEvent, 'seq'> => ({
  path,
  documentId,
  outcome,
  pages: 0,
  confidence: null,
  ms: 0,
  error,
})
