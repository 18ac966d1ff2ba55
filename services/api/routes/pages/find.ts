import type { PageResult } from '../../../../shared/contract/result/page.ts'
import type { RunRequest } from '../../../../shared/contract/messages/run-request.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Document } from '../../../ledger/document.ts'
import type { ProblemCode } from '../../schemas/problem-codes.ts'
import { requirePageResult, requireResult } from '../../views/result.ts'
import { requireRun, type Context } from '../context.ts'
import { requireDocument } from '../documents/find.ts'

/** Codes of routes about one page. */
export const pageProblems = [
  'unknown_document',
  'unknown_run',
  'unknown_page',
  'not_finished',
  'cancelled',
  'expired',
] as const satisfies ProblemCode[]

/** A page that was read, with its document. */
interface ReadPage {
  row: Document
  request: RunRequest
  page: PageResult
}

/** A page of a finished document. Throws `unknown_document`, `unknown_page`, and the errors of `requireResult`. */
export async function requirePage(context: Context, id: string, number: number): Promise<ReadPage> {
  const ledger = context.ledger.get()
  const row = ledger.documents.get(id)
  if (row === undefined) {
    await requireDocument(context, id)
    throw new ScriptoriumError('not_finished', 'the document is not finished; retry later')
  }
  const page = requirePageResult(ledger, requireResult(row), number)
  const { request } = await requireRun(context, row.runId)
  return { row, request, page }
}
