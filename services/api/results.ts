import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { hasFailed, type Format, type ScriptoriumDocument } from '../../shared/contract.ts'
import { ScriptoriumError, isErrorCode } from '../../shared/errors.ts'
import type { DocumentRow } from '../aggregator/ledger/documents.ts'
import type { Ledger } from '../aggregator/ledger/ledger.ts'
import type { Chunk, Finished } from '../aggregator/outputs/format.ts'
import { outputFormats } from '../aggregator/outputs/formats.ts'
import { documentOf, inputOf } from '../aggregator/outputs/from-ledger.ts'
import { writeText } from '../aggregator/outputs/text.ts'

/** What is gathered before an answer begins: shorter ones are sent in one piece, and none begins that fails at once. */
const gatheredBytes = 1_048_576

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
  if (row.outcome !== null && hasFailed(row.outcome) && row.outcome !== 'partial') {
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

/** A finished document, or one page of it. Throws `unknown_page`. */
export function resultOf(ledger: Ledger, row: DocumentRow, page?: number): Finished {
  const request = ledger.runs.get(row.run_id)?.request
  if (request === undefined) throw new ScriptoriumError('internal', 'the document has no run')
  const [document, input] = [documentOf(ledger, row, request), inputOf(row, request)]
  if (page === undefined) return { document, input }
  const wanted = ledger.pages.result(row.id, page)
  if (wanted !== undefined)
    return { document: { ...document, pages: [wanted] }, input: { ...input, page } }
  const count = row.pages_total ?? 1
  throw new ScriptoriumError(
    'unknown_page',
    `it has ${count} pages, and no page ${page} that was read`,
  )
}

/** A result as the contract has it. */
export const wholeOf = ({ document }: Finished): ScriptoriumDocument => ({
  ...document,
  pages: [...document.pages],
})

/** The text of a result, whole. */
export const textOf = ({ document }: Finished): string => [...writeText(document)].join('')

/**
 * A result in a format: whole where it is short, else as a stream. Throws `invalid_request` for more pages than the
 * format has room for, and what its writer throws: `input_unreadable`, `unstable`, `corrupt_image`.
 */
export async function renderResult({ document, input }: Finished, format: Format) {
  const { isOfOnePage = false, write } = outputFormats[format]
  if (isOfOnePage && hasSeveral(document.pages)) {
    throw new ScriptoriumError(
      'invalid_request',
      `${format} has one page in a file; ask with page=`,
    )
  }
  const chunks = toBuffers(write(document, input))
  const gathered: Buffer[] = []
  let bytes = 0
  while (bytes < gatheredBytes) {
    const { done, value } = await chunks.next()
    if (done === true) return Buffer.concat(gathered)
    gathered.push(value)
    bytes += value.length
  }
  return Readable.from(continueWith(gathered, chunks), { objectMode: false })
}

function hasSeveral(pages: Iterable<unknown>): boolean {
  const iterator = pages[Symbol.iterator]()
  return iterator.next().done !== true && iterator.next().done !== true
}

async function* toBuffers(chunks: Iterable<Chunk> | AsyncIterable<Chunk>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk)
}

async function* continueWith(first: readonly Buffer[], rest: AsyncIterable<Buffer>) {
  yield* first
  yield* rest
}

/** Equal where the result is: a document's text changes with its pass only. */
export function etagOf(row: DocumentRow, format: Format, page: number | undefined): string {
  const { id, job_id, finished_at } = row
  return `"${hash('sha256', [id, job_id, finished_at, format, page].join(' ')).slice(0, 32)}"`
}
