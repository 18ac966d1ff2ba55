import { join } from 'node:path'
import type { PageResult } from '../../../shared/contract.ts'
import type { RunRequest } from '../../../shared/messages.ts'
import { assembleDocument } from '../assemble.ts'
import type { DocumentRow } from '../ledger/documents.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { OutputDocument, OutputInput } from './format.ts'

/** Pages of a document that are kept in memory while it is written; of a longer one each is read when it is needed. */
const pagesKept = 16

/** A document as the ledger has it, to be written in any format. */
export function documentOf(
  ledger: Pick<Ledger, 'pages'>,
  row: DocumentRow,
  { recipe }: Pick<RunRequest, 'recipe'>,
): OutputDocument {
  const { pages } = ledger
  const isLong = (row.pages_total ?? 1) > pagesKept
  return assembleDocument(
    row,
    isLong ? pagesOneByOne(pages, row.id) : pages.results(row.id),
    recipe,
    pages.failures(row.id),
  )
}

/**
 * Where the file lies that a document was read from: below its run's root, an upload in the spool under its hash. Of
 * encrypted PDFs `password` opens it.
 */
export function inputOf(
  row: Pick<DocumentRow, 'is_upload' | 'path' | 'sha256'>,
  { root }: Pick<RunRequest, 'root'>,
  password?: string,
): OutputInput {
  const file = join(root, row.is_upload === 1 ? (row.sha256 ?? '') : row.path)
  return { file, ...(password !== undefined && { password }) }
}

const pagesOneByOne = (pages: Ledger['pages'], id: string): Iterable<PageResult> => ({
  *[Symbol.iterator]() {
    for (const { page } of pages.states(id)) {
      const result = pages.result(id, page)
      if (result !== undefined) yield result
    }
  },
})
