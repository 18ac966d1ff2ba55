import pLimit, { type LimitFunction } from 'p-limit'
import type { Format } from '../../../shared/contract/contract.ts'
import { ScriptoriumError, systemCode, toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hand, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Unavailable } from '../../../shared/contract/messages/progress.ts'
import { countWanted } from '../../../shared/contract/page-list.ts'
import { UnsafePath } from '../../../shared/files/private-files.ts'
import { workItems } from '../../ledger/work-items.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isFolderRun, type FolderRun, type Run } from '../../ledger/runs.ts'
import type { OutputDocument } from '../format.ts'
import { createOutputFiles, type OutputFiles, type Written } from '../files/output-files.ts'
import { outputFormats } from '../formats.ts'
import { documentOf, inputFileOf } from '../from-ledger.ts'
import { createDecoder, type Decoder } from '../decoder/decoder.ts'
import type { PdfPasswordOf } from './pdf-password.ts'
import { nextPass } from '../../ledger/document-jobs.ts'

/** Documents whose state publishing has changed. */
export interface Published {
  /** Their files exist. */
  written: string[]
  /** Their files cannot be written under their names. */
  failed: string[]
  /** Their pages are lost, so they are planned again. */
  lost: string[]
}

/** Records a change of state in the ledger; undefined where the ledger had changed. */
type Recording = () => keyof Published | undefined

/** A document whose files are written and not yet durable. */
export interface Prepared {
  id: string
  record: Recording | undefined
}

type RunOf = (row: Document) => Run | undefined

interface Writing {
  runOf: RunOf
  owner?: FolderRun | undefined
  signal?: AbortSignal | undefined
}

/** Files written at the same time: fdatasync waits for the disk, not for the processor. */
const concurrentWrites = 16
/** The same for documents whose output opens their input: they take turns at the decoder, and wait for nothing else. */
const concurrentLongWrites = 8

const conflicts = new Set(['ENAMETOOLONG', 'EISDIR', 'ENOTDIR', 'EEXIST', 'EINVAL'])

/** True for an error of one name, not of the disk: the next file can still be written. */
export const isConflict = (thrown: unknown): boolean =>
  thrown instanceof UnsafePath || conflicts.has(systemCode(thrown) ?? '')

interface Options {
  /** The password of a run's PDFs. */
  pdfPasswordOf?: PdfPasswordOf
  openOutput?: (out: string) => OutputFiles
  /** Records the output being written. */
  hands?: Pick<Hands, 'take'>
  /** Decodes document input that the output shows. */
  decoder?: Decoder
}

const noPassword: PdfPasswordOf = () => Promise.resolve(undefined)

/** Turns read documents into output files, and only then makes them final. */
export function createPublisher(
  ledger: Ledger,
  announce: (documentId: string) => void,
  log: Logger,
  {
    pdfPasswordOf = noPassword,
    openOutput = createOutputFiles,
    hands = freeHands,
    decoder = createDecoder(),
  }: Options = {},
) {
  const files = new Map<string, OutputFiles>()
  const limit = pLimit(concurrentWrites)
  const limitOfLong = pLimit(concurrentLongWrites)

  const filesOf = (out: string): OutputFiles => {
    const known = files.get(out) ?? openOutput(out)
    files.set(out, known)
    return known
  }

  /** Requested only for PDFs whose pages are shown. */
  const passwordFor = async (row: Document, run: FolderRun): Promise<string | undefined> =>
    row.mediaType === 'application/pdf' && showsInput(run) ? pdfPasswordOf(run) : undefined

  /** Only formats that a document has claimed are written: any other file of its name belongs to somebody else. */
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

  /** Returns a thunk that records the written files: recording waits until the files are durable. */
  const write = async (
    id: string,
    { runOf, owner, signal }: Writing,
  ): Promise<Recording | undefined> => {
    const row = ledger.documents.get(id)
    const run = row && runOf(row)
    if (row === undefined || run === undefined) return undefined
    if (!isWhole(row, run)) return lost(row, owner)
    // Uploads have no output folder: the API serves them from the ledger.
    if (!isFolderRun(run)) return settle(row, { hashes: {}, unavailable: [] }, owner)
    const hand = hands.take()
    try {
      return await writeFiles(row, run, hand, { owner, signal })
    } catch (thrown) {
      return failed(row, thrown)
    } finally {
      hand.done()
    }
  }

  const settle = (
    row: Document,
    { hashes, unavailable }: Written,
    owner?: FolderRun,
  ): Recording => {
    const happened = owner === undefined ? ledger.documents.settle : ledger.documents.rewrite
    return () => (happened(row, hashes, unavailable) ? 'written' : undefined)
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
    if (document === undefined) return lost(row, owner)
    const password = await passwordFor(row, run)
    const input = { file: inputFileOf(row, run.request), password, decoder, signal }
    const { formats, refused } = divideFormats(row, run)
    const earlier = row.outputs
    const begin = (format: Format) => hand.next(workItems.write(row, format))
    const { out } = run.request
    const written = await filesOf(out).write(document, formats, input, earlier, begin)
    const unavailable = [...written.unavailable, ...refused]
    // Also formats of this very reading that an earlier run wrote.
    const kept = Object.entries(earlier).filter(
      ([name]) => !unavailable.some(({ format }) => format === name),
    )
    const hashes = { ...Object.fromEntries(kept), ...written.hashes }
    for (const each of unavailable)
      log.warn({ path: document.path, ...each }, 'output format skipped')
    return settle(row, { hashes, unavailable }, owner)
  }

  /** For errors of one document, not of the disk; throws all others. */
  const failed = (row: Document, thrown: unknown): Recording => {
    const { path } = row
    const isPoison = thrown instanceof ScriptoriumError && thrown.code === 'poison'
    if (!isPoison && !isConflict(thrown)) throw thrown
    const reason = toError(thrown).message
    const error = isPoison
      ? { code: 'poison', message: reason }
      : { code: 'output_conflict', message: `its output cannot be written: ${reason}` }
    log.warn(
      { path, err: error.message },
      isPoison ? 'document set aside as poison' : 'output conflict',
    )
    return () => (ledger.documents.failOutput(row, error) ? 'failed' : undefined)
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

  /** A document with lost pages gets no output: it is read again. */
  const lost = (row: Document, owner?: FolderRun): Recording => {
    log.error({ path: row.path, pass: row.pass }, 'pages are missing, reading the document again')
    return () => {
      const next = { ...nextPass(row), runId: owner?.id ?? row.runId }
      const { documents, pages } = ledger
      const happened =
        row.state === 'read' ? documents.planLost(next, row) : documents.plan(next, row)
      if (!happened) return undefined
      pages.clear(row.id)
      return 'lost'
    }
  }

  const prepare = async (
    id: string,
    inTurn: LimitFunction,
    writing: Writing,
  ): Promise<Prepared> => ({
    id,
    record: await inTurn(() => write(id, writing)),
  })

  /** Makes files durable, and then the documents final. */
  const record = async (prepared: readonly Prepared[], owner?: FolderRun): Promise<Published> => {
    const published: Published = { written: [], failed: [], lost: [] }
    for (const known of files.values()) await known.sync()
    ledger.transaction(() => {
      for (const { id, record: recordOne } of prepared) {
        const change = recordOne?.()
        if (change === undefined) continue
        published[change].push(id)
        if (change !== 'lost' && owner === undefined) announce(id)
      }
    })
    return published
  }

  const createRunOf = (): RunOf => {
    const runs = new Map<string, Run | undefined>()
    return ({ runId: id }) => {
      if (!runs.has(id)) runs.set(id, ledger.runs.get(id))
      return runs.get(id)
    }
  }

  return {
    filesOf,
    decoder,
    /** Those of these read, unwritten documents whose output opens their input: that may take long. */
    longAmong(ids: readonly string[]): Set<string> {
      const runOf = createRunOf()
      return new Set(
        ids.filter((id) => {
          const row = ledger.documents.get(id)
          const run = row && runOf(row)
          return run !== undefined && showsInput(run)
        }),
      )
    },
    /**
     * Writes the files of a read document; call `record` next. Rejects where the disk rejects writes, or with the
     * signal's reason.
     */
    prepare: (id: string, signal: AbortSignal): Promise<Prepared> =>
      prepare(id, limitOfLong, { runOf: createRunOf(), signal }),
    record: (prepared: readonly Prepared[]): Promise<Published> => record(prepared),
    /**
     * Writes read documents as their own run requests, and makes them final; or, with an `owner`, final documents as
     * that run requests. Rejects where the disk rejects writes, or with the signal's reason; the ledger is then
     * unchanged.
     */
    async publish(
      ids: readonly string[],
      owner?: FolderRun,
      signal?: AbortSignal,
    ): Promise<Published> {
      if (ids.length === 0) return { written: [], failed: [], lost: [] }
      const runOf = owner === undefined ? createRunOf() : () => owner
      const inTurn = owner !== undefined && showsInput(owner) ? limitOfLong : limit
      const writing = { runOf, owner, signal }
      const prepared = await Promise.all(ids.map((id) => prepare(id, inTurn, writing)))
      return record(prepared, owner)
    },
  }
}

export type Publisher = ReturnType<typeof createPublisher>

const showsInput = (run: Run): boolean =>
  isFolderRun(run) && run.request.formats.some((format) => outputFormats[format].showsInput)

const refuse = (format: Format): Unavailable => ({
  format,
  code: 'output_exists',
  message:
    'a file with its name exists that Scriptorium did not write; move it away, or replace it with --on-exists replace',
})
