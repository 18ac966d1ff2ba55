import { hash } from 'node:crypto'
import type { ScriptoriumDocument } from '../../shared/contract.ts'
import { hasFailed, type Format } from '../../shared/contract.ts'
import { ScriptoriumError, isErrorCode } from '../../shared/errors.ts'
import { assembleDocument } from '../aggregator/assemble.ts'
import type { DocumentRow } from '../aggregator/ledger/documents.ts'
import type { Ledger } from '../aggregator/ledger/ledger.ts'
import { toJson } from '../aggregator/outputs/json.ts'
import { toText } from '../aggregator/outputs/text.ts'

/** How each format is told in HTTP, and made. */
export const mediaTypes: Record<Format, string> = {
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
}
const writers: Record<Format, (document: ScriptoriumDocument) => string> = {
  json: toJson,
  txt: toText,
}

/**
 * The row of a document that has a result. Throws `not_finished`, `expired`, `cancelled`, or `invalid_document` where it
 * failed on its input, each with the reason.
 */
export function requireResult(row: DocumentRow): DocumentRow {
  if (row.expired_at !== null) {
    throw new ScriptoriumError('expired', `the result was removed at ${row.expired_at}`)
  }
  if (row.state !== 'final') {
    throw new ScriptoriumError(
      'not_finished',
      'it is not read yet; ask again, or follow its events',
    )
  }
  if (row.outcome === 'cancelled') {
    throw new ScriptoriumError('cancelled', 'it was cancelled; /retry reads it after all')
  }
  if (row.outcome !== null && hasFailed(row.outcome)) {
    const code = row.error_code ?? 'internal'
    throw new FailedDocument(row.outcome, code, row.error_message ?? 'no reason was given')
  }
  return row
}

/** The document's own fault, whatever its code means elsewhere: always 422. */
class FailedDocument extends ScriptoriumError {
  override readonly httpStatus = 422
  override readonly retryable = false

  constructor(outcome: string, code: string, message: string) {
    super(isErrorCode(code) ? code : 'internal_failure', `${outcome}: ${message}`)
  }
}

/** A finished document as the contract has it, or one page of it. Throws `unknown_page`. */
export function resultOf(ledger: Ledger, row: DocumentRow, page?: number): ScriptoriumDocument {
  const recipe = ledger.runs.get(row.run_id)?.request.recipe
  if (recipe === undefined) throw new ScriptoriumError('internal', 'the document has no run')
  const pages = ledger.pages.results(row.id)
  const document = assembleDocument(row, pages, recipe)
  if (page === undefined) return document
  const wanted = pages.filter((found) => found.page === page)
  if (wanted.length > 0) return { ...document, pages: wanted }
  throw new ScriptoriumError('unknown_page', `it has ${pages.length} pages, and no page ${page}`)
}

export const renderResult = (document: ScriptoriumDocument, format: Format): string =>
  writers[format](document)

/** Equal where the result is: a document's text changes with its pass only. */
export function etagOf(row: DocumentRow, format: Format, page: number | undefined): string {
  const { id, job_id, finished_at } = row
  return `"${hash('sha256', [id, job_id, finished_at, format, page].join(' ')).slice(0, 32)}"`
}
