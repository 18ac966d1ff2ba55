import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type Format } from '../../../shared/contract/result/formats.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import { ScriptoriumError, isErrorCode } from '../../../shared/process/errors.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { OutputDocument, OutputInput } from '../../outputs/format.ts'
import type { Chunks } from '../../outputs/chunks.ts'
import { outputFormats } from '../../outputs/formats.ts'
import { documentOf, inputFileOf } from '../../outputs/from-ledger.ts'
import { shownDocument } from './shown.ts'
import { continueWith, gather, toBuffers, type Renderings } from './renderings.ts'

/**
 * An answer starts after this many bytes, or at its end: a shorter one is sent in one piece, and an early failure still
 * gets its status.
 */
const gatheredBytes = 1_048_576

/**
 * The row of a document that has a result. Throws `not_finished`, `expired`, `cancelled`, or `invalid_document` where it
 * failed on its input, each with the reason.
 */
export function requireResult(row: Document): Document {
  if (row.expiredAt !== null) {
    throw new ScriptoriumError(
      'expired',
      `the result was deleted at ${row.expiredAt}, after the retention time`,
    )
  }
  if (row.state !== 'final') {
    throw new ScriptoriumError(
      'not_finished',
      'the document is not finished; retry later, or follow its events',
    )
  }
  if (row.outcome === 'cancelled') {
    throw new ScriptoriumError(
      'cancelled',
      'the document was cancelled; POST /v1/documents/{id}/retry reads it',
    )
  }
  if (row.outcome !== null && hasFailed(row.outcome) && row.outcome !== 'partial') {
    const { code, message } = row.error ?? { code: 'internal', message: 'unknown reason' }
    throw new FailedDocument(row.outcome, code, message)
  }
  return row
}

/** The document's own failure, whatever its code means elsewhere: always 422. */
class FailedDocument extends ScriptoriumError {
  override readonly httpStatus = 422
  override readonly retryable = false

  constructor(outcome: string, code: string, message: string) {
    super(isErrorCode(code) ? code : 'internal_failure', `${outcome}: ${message}`)
  }
}

/** A finished document, and the file that it was read from. */
interface Result {
  document: OutputDocument
  input: Pick<OutputInput, 'file' | 'page'>
}

/** A finished document, or one page of it. Throws `unknown_page`. */
export async function resultOf(ledger: Ledger, row: Document, page?: number): Promise<Result> {
  const request = ledger.runs.get(row.runId)?.request
  if (request === undefined) {
    const missing = new ScriptoriumError('internal', 'the document has no run')
    throw ledger.runs.problemOf(row.runId) ?? missing
  }
  const document = shownDocument(await documentOf(ledger, row, request))
  const input = { file: inputFileOf(row, request) }
  if (page === undefined) return { document, input }
  const wanted = requirePageResult(ledger, row, page)
  return { document: { ...document, pages: [wanted] }, input: { ...input, page } }
}

/** The result of a page. Throws `unknown_page`. */
export function requirePageResult(
  ledger: Pick<Ledger, 'pages'>,
  row: Document,
  page: number,
): PageResult {
  const wanted = ledger.pages.result(row.id, page)
  if (wanted !== undefined) return wanted
  const count = row.pagesTotal ?? 1
  throw new ScriptoriumError(
    'unknown_page',
    `the document has ${count} ${count === 1 ? 'page' : 'pages'}, and no result for page ${page}`,
  )
}

/** The holder of a rendering, and the signal of its disconnect. */
interface Requester {
  holder: string
  signal: AbortSignal
}

/** Whole where it is short, else as a stream: an early failure still gets its status. */
export async function toAnswer(chunks: Chunks): Promise<Buffer | Readable> {
  const source = toBuffers(chunks)
  const { gathered, isAll } = await gather(source, gatheredBytes)
  if (isAll) return Buffer.concat(gathered)
  return Readable.from(continueWith(gathered, source), { objectMode: false })
}

/**
 * A result in a format: a string if it is short, otherwise a stream. Throws `invalid_request` for more pages than the
 * format can hold, and errors of its writer: `input_unreadable`, `unstable`, `corrupt_image`.
 */
export async function renderResult(
  { document, input }: Result,
  format: Format,
  renderings: Renderings,
  { holder, signal }: Requester,
) {
  const { isOfOnePage = false, showsInput = false, write } = outputFormats[format]
  if (isOfOnePage && hasSeveral(document.pages)) {
    throw new ScriptoriumError(
      'invalid_request',
      `${format} files hold one page; select it with ?page=`,
    )
  }
  const chunks = write(document, { ...input, decoder: renderings.decoder, signal })
  return showsInput ? renderings.render(chunks, holder) : toAnswer(chunks)
}

function hasSeveral(pages: Iterable<unknown>): boolean {
  const iterator = pages[Symbol.iterator]()
  return iterator.next().done !== true && iterator.next().done !== true
}

/** Equal for equal results: a document's text changes with its pass and its corrections only. */
export function etagOf(
  { revisions }: Pick<Ledger, 'revisions'>,
  { id, jobId, finishedAt }: Document,
  format: Format,
  page: number | undefined,
): string {
  const parts = [id, jobId, finishedAt, revisions.count(id), format, page]
  return `"${hash('sha256', parts.join(' ')).slice(0, 32)}"`
}
