import type { Format } from '../../../shared/contract/result/formats.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Hand } from '../../../shared/hands/hand.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Unavailable } from '../../../shared/contract/messages/progress.ts'
import { countWanted } from '../../../shared/contract/page-list.ts'
import { workItems } from '../../ledger/work-items.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isFolderRun, type FolderRun, type Run } from '../../ledger/runs.ts'
import type { OutputDocument } from '../format.ts'
import type { OutputFiles } from '../files/output-files.ts'
import { outputFormats } from '../formats.ts'
import { documentOf, inputFileOf } from '../from-ledger.ts'
import type { Decoder } from '../decoder/decoder.ts'
import type { PdfPasswordOf } from './pdf-password.ts'
import type { Recording, Recordings } from './recordings.ts'

export type RunOf = (row: Document) => Run | undefined

export interface Writing {
  runOf: RunOf
  owner?: FolderRun | undefined
  signal?: AbortSignal | undefined
}

interface Deps {
  ledger: Ledger
  filesOf: (out: string) => OutputFiles
  recordings: Recordings
  /** The password of a run's PDFs. */
  pdfPasswordOf: PdfPasswordOf
  /** Records the output being written. */
  hands: Pick<Hands, 'take'>
  /** Decodes document input that the output shows. */
  decoder: Decoder
  /** Called with the time that writing the files of a document took, milliseconds. */
  onWritten: (ms: number) => void
  log: Logger
}

/** Writes the files of one document, and returns its outcome: recording waits until the files are durable. */
export function createDocumentWriter(deps: Deps) {
  const { ledger, filesOf, recordings, pdfPasswordOf, hands, decoder, onWritten, log } = deps

  /** Requested only for PDFs whose pages are shown. */
  const passwordFor = async (row: Document, run: FolderRun): Promise<string | undefined> =>
    row.mediaType === 'application/pdf' && showsInput(run) ? pdfPasswordOf(run) : undefined

  /** Only formats that a document has claimed are written: any other file of its name is a user's. */
  const divideFormats = ({ id, path }: Document, { request }: FolderRun) => {
    const claimed = ledger.claims.of(request.out, path, id)
    const isClaimed = (format: Format): boolean => claimed.includes(format)
    const others = request.formats.filter((format) => !isClaimed(format))
    const refused = request.onExists === 'skip' ? [] : others.map(refuse)
    return { formats: request.formats.filter(isClaimed), refused }
  }

  /** Whether the ledger holds every page that the outcome implies. A copy got its pages with its outcome. */
  const isWhole = (row: Document, { request }: Run): boolean => {
    const { pages } = ledger.pages.summary(row.id)
    if (row.outcome === 'partial' || row.outcome === 'duplicate') return pages > 0
    return pages === countWanted(request.recipe.pages, row.pagesTotal ?? 1)
  }

  /** Undefined where some of its pages are damaged, which counts as lost. */
  const readDocument = async (
    row: Document,
    run: FolderRun,
  ): Promise<OutputDocument | undefined> => {
    try {
      return await documentOf(ledger, row, run.request)
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      log.error({ path: row.path, err: thrown }, 'pages in the ledger are damaged')
      return undefined
    }
  }

  const writeFiles = async (
    row: Document,
    run: FolderRun,
    hand: Hand,
    { owner, signal }: Pick<Writing, 'owner' | 'signal'>,
  ): Promise<Recording | undefined> => {
    const turn = hand.next(workItems.assemble(row))
    if (turn !== undefined) {
      await turn
      // Row and pages must match: the document may have been planned again while it waited.
      const now = ledger.documents.get(row.id)
      if (now?.pass !== row.pass || now.state !== row.state) return undefined
    }
    const document = await readDocument(row, run)
    if (document === undefined) return recordings.lost(row, owner)
    const password = await passwordFor(row, run)
    const input = { file: inputFileOf(row, run.request), password, decoder, signal }
    const { formats, refused } = divideFormats(row, run)
    const earlier = row.outputs
    const begin = (format: Format) => hand.next(workItems.write(row, format))
    const { out } = run.request
    const from = performance.now()
    const written = await filesOf(out).write(document, formats, input, earlier, begin)
    onWritten(performance.now() - from)
    const unavailable = [...written.unavailable, ...refused]
    // Also formats of this very reading that an earlier run wrote.
    const kept = Object.entries(earlier).filter(
      ([name]) => !unavailable.some(({ format }) => format === name),
    )
    const hashes = { ...Object.fromEntries(kept), ...written.hashes }
    for (const each of unavailable)
      log.warn({ path: document.path, ...each }, 'output format skipped')
    return recordings.written(row, { hashes, unavailable }, owner)
  }

  /** Rejects where the disk rejects writes, or with the signal's reason. */
  return async (id: string, { runOf, owner, signal }: Writing): Promise<Recording | undefined> => {
    const row = ledger.documents.get(id)
    const run = row && runOf(row)
    if (row === undefined || run === undefined) return undefined
    if (!isWhole(row, run)) return recordings.lost(row, owner)
    // Uploads have no output folder: the API serves them from the ledger.
    if (!isFolderRun(run)) return recordings.written(row, { hashes: {}, unavailable: [] }, owner)
    const hand = hands.take()
    try {
      return await writeFiles(row, run, hand, { owner, signal })
    } catch (thrown) {
      return recordings.failed(row, thrown)
    } finally {
      hand.done()
    }
  }
}

/** Whether the output of a run's documents opens their input. */
export const showsInput = (run: Run): boolean =>
  isFolderRun(run) && run.request.formats.some((format) => outputFormats[format].showsInput)

const refuse = (format: Format): Unavailable => ({
  format,
  code: 'output_exists',
  message:
    'a file with its name exists that Scriptorium did not write; move it away, or replace it with --on-exists replace',
})
