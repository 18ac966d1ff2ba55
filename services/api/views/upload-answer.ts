import { readOutcomes } from '../../../shared/contract/result/outcomes.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { OutputDocument } from '../../outputs/format.ts'
import { writeJson } from '../../outputs/plain/json.ts'
import { writeText } from '../../outputs/plain/text.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import { requireResult, resultOf } from './result.ts'
import type { DocumentView, UploadView } from '../schemas/document.ts'

/** One document with its result, in pieces: a single string could have hundreds of megabytes. */
export async function* writeView(ledger: LedgerView, view: DocumentView): AsyncGenerator<string> {
  const document = await inlineOf(ledger, view.id)
  const text = JSON.stringify(view)
  if (document === undefined) return yield text
  yield `${text.slice(0, -1)},"result":`
  yield* writeJson(document)
  yield '}'
}

/** An upload of several files, each with its result. */
export async function* writeUpload(
  ledger: LedgerView,
  { documents, ...upload }: UploadView,
): AsyncGenerator<string> {
  yield '{"documents":['
  let separator = ''
  for (const view of documents) {
    yield separator
    yield* writeView(ledger, view)
    separator = ','
  }
  yield `],${JSON.stringify(upload).slice(1)}`
}

/** The text of a document. Throws as `requireResult` does, and `unknown_document`. */
export async function* writeTextOf(ledger: LedgerView, id: string): AsyncGenerator<string> {
  const row = ledger.get().documents.get(id)
  if (row === undefined) throw new ScriptoriumError('unknown_document', `unknown document ${id}`)
  const { document } = await resultOf(ledger.get(), requireResult(row))
  yield* writeText(document)
}

/** Undefined where it was not read, or not kept. */
async function inlineOf(ledger: LedgerView, id: string): Promise<OutputDocument | undefined> {
  const row = ledger.get().documents.get(id)
  if (row?.outcome == null || !readOutcomes.has(row.outcome) || row.expiredAt !== null) {
    return undefined
  }
  return (await resultOf(ledger.get(), row)).document
}
