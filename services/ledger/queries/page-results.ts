import type { DatabaseSync } from 'node:sqlite'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createPageParser } from '../transitions/corrections/page-parser.ts'

/** The stored results of pages that were read. `file` names the ledger in errors. */
export function createPageResults(database: DatabaseSync, file: string) {
  const toPage = createPageParser(file)
  const stored = 'SELECT document_id, page, data_version, result FROM pages'
  const results = database.prepare(
    `${stored} WHERE document_id = ? AND result IS NOT NULL ORDER BY page`,
  )
  const oneResult = database.prepare(
    `${stored} WHERE document_id = ? AND page = ? AND result IS NOT NULL`,
  )
  const resultsOf = (documentId: string): PageResult[] => results.all(documentId).map(toPage)
  const resultOf = (documentId: string, page: number): PageResult | undefined => {
    const row = oneResult.get(documentId, page)
    return row && toPage(row)
  }
  /** For passes over many pages: a direct request for this one gives the error. */
  const readableOf = (documentId: string, page: number): PageResult | undefined => {
    try {
      return resultOf(documentId, page)
    } catch (thrown) {
      if (thrown instanceof ScriptoriumError) return undefined
      throw thrown
    }
  }
  return {
    results: resultsOf,
    /** One page, where it was read. Throws `newer_version` or `damaged_record`. */
    result: resultOf,
    /** The same, where this version can parse it. */
    readable: readableOf,
  }
}
