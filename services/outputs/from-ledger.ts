import type { PageResult } from '../../shared/contract/result/page.ts'
import type { RunRequest } from '../../shared/contract/messages/run-request.ts'
import type { Below } from '../../shared/files/open-below.ts'
import { assembleDocument, assembleInTurns } from './assemble.ts'
import type { Document, Provenance } from '../ledger/document.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { OutputDocument } from './format.ts'

/**
 * Number of pages of a document that are kept in memory while it is written; of a longer one each page is read when it
 * is needed.
 */
const pagesKept = 16

/** Loads a document from the ledger for writing in any format. Loading a long one yields to other work. */
export function documentOf(
  ledger: Pick<Ledger, 'pages'>,
  row: Document,
  { recipe }: Pick<RunRequest, 'recipe'>,
): OutputDocument | Promise<OutputDocument> {
  const { pages } = ledger
  // Its pages killed the aggregator: they are not opened until it is read again.
  if (row.outcome === 'failed' && row.error?.code === 'poison')
    return assembleDocument(row, [], recipe, [])
  const failed = pages.failures(row.id)
  return (row.pagesTotal ?? 1) > pagesKept
    ? assembleInTurns(row, pagesOneByOne(pages, row.id), recipe, failed)
    : assembleDocument(row, pages.results(row.id), recipe, failed)
}

/**
 * Location of the file that a document was read from: below its run's root; for an upload in the spool, under its hash.
 */
export const inputFileOf = (
  row: Pick<Document, 'path'> & Provenance,
  request: RunRequest,
): Below => ({
  root: request.root,
  path: row.origin === 'upload' ? row.sha256 : row.path,
  follow: request.source === 'folder' && request.follow,
})

const pagesOneByOne = (pages: Ledger['pages'], id: string): Iterable<PageResult> => ({
  *[Symbol.iterator]() {
    for (const { page } of pages.states(id)) {
      const result = pages.result(id, page)
      if (result !== undefined) yield result
    }
  },
})
