import type { DatabaseSync } from 'node:sqlite'
import { pageSchema, type PageResult } from '../../../shared/contract/result/page.ts'
import { createParser, requireKnownVersion } from '../../../shared/contract/messages/parser.ts'
import { upgradePage } from '../../../shared/contract/schema/upgrades.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { unpack } from '../../../shared/redis/result-stream.ts'

const parsePage = createParser("a page of the ledger's", pageSchema, upgradePage)

/** The stored results of pages that were read. `file` names the ledger in errors. */
export function createPageResults(database: DatabaseSync, file: string) {
  const stored = 'SELECT document_id, page, data_version, result FROM pages'
  const results = database.prepare(
    `${stored} WHERE document_id = ? AND result IS NOT NULL ORDER BY page`,
  )
  const oneResult = database.prepare(
    `${stored} WHERE document_id = ? AND page = ? AND result IS NOT NULL`,
  )
  const resultsOf = (documentId: string): PageResult[] =>
    results.all(documentId).map((row) => toPage(row, file))
  const resultOf = (documentId: string, page: number): PageResult | undefined => {
    const row = oneResult.get(documentId, page)
    return row && toPage(row, file)
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

/** Throws `newer_version` or `damaged_record`. */
function toPage(row: Record<string, unknown>, file: string): PageResult {
  const what = `page ${String(row['page'])} of document ${String(row['document_id'])} in ${file}`
  requireKnownVersion(what, row['data_version'])
  try {
    return parsePage(unpack(row['result'] as Uint8Array))
  } catch (thrown) {
    const cure = 'read its document again, or restore the ledger from a backup'
    throw new ScriptoriumError(
      'damaged_record',
      `${what} is damaged (${toError(thrown).message}); ${cure}`,
      {
        cause: thrown,
      },
    )
  }
}
