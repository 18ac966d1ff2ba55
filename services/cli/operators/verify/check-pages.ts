import { toError } from '../../../../shared/process/errors.ts'
import { countWanted } from '../../../../shared/contract/page-list.ts'
import type { Document } from '../../../ledger/document.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import type { Run } from '../../../ledger/runs.ts'
import { documentFinding } from './about.ts'
import type { Finding } from './finding.ts'

/** Checks that each page of a document's outcome has a readable result. */
export function checkPages({ pages }: Ledger, row: Document, { request }: Run): Finding[] {
  const states = pages.states(row.id)
  const wanted = countWanted(request.recipe.pages, row.pagesTotal ?? 1)
  const isShort =
    row.outcome === 'partial' || row.outcome === 'duplicate'
      ? states.length === 0
      : states.length < wanted
  if (isShort) {
    const found = `the ledger holds ${states.length} of its ${wanted} pages`
    return [documentFinding(row, 'pages_missing', found)]
  }
  for (const { page, error } of states) {
    try {
      if (error === null && pages.result(row.id, page) === undefined) {
        const found = `the ledger holds no result of page ${page}`
        return [documentFinding(row, 'pages_missing', found)]
      }
    } catch (thrown) {
      return [documentFinding(row, 'page_damaged', `page ${page}: ${toError(thrown).message}`)]
    }
  }
  return []
}
