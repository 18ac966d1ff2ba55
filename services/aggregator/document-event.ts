import type { RunEvent, Unavailable } from '../../shared/messages.ts'
import type { DocumentRow } from './ledger/documents.ts'

/** What a document's pages come to. */
export interface PagesSummary {
  pages: number
  confidence: number | null
  ms: number
  /** Readings that they took together. */
  attempts: number
}

/** What watchers are told about a document that has just become final. */
export function toEnding(
  row: DocumentRow,
  { pages, confidence, ms }: PagesSummary,
): Omit<RunEvent, 'seq'> {
  const error =
    row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' }
  const outcome = row.outcome ?? 'failed'
  return {
    path: row.path,
    documentId: row.id,
    outcome,
    pages,
    confidence,
    ms: Math.round(ms),
    error,
    ...unavailableOf(row),
  }
}

/** The formats that a document could not be written in, where there are any. */
export function unavailableOf({ unavailable }: Pick<DocumentRow, 'unavailable'>): {
  unavailable?: Unavailable[]
} {
  return unavailable === null ? {} : { unavailable: JSON.parse(unavailable) }
}
