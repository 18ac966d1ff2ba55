import pLimit, { type LimitFunction } from 'p-limit'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun, Run } from '../../ledger/runs.ts'
import { createOutputFiles, type OutputFiles } from '../files/output-files.ts'
import { createDecoder, type Decoder } from '../decoder/decoder.ts'
import { createDocumentWriter, showsInput, type RunOf, type Writing } from './document-writer.ts'
import type { PdfPasswordOf } from './pdf-password.ts'
import { createRecordings, type Published, type Recording } from './recordings.ts'

/** A document whose files are written and not yet durable. */
export interface Prepared {
  id: string
  record: Recording | undefined
}

/** Files written at the same time: fdatasync waits for the disk, not for the processor. */
const concurrentWrites = 16
/** The same for documents whose output opens their input: they take turns at the decoder, and wait for nothing else. */
const concurrentLongWrites = 8

interface Options {
  /** The password of a run's PDFs. */
  pdfPasswordOf?: PdfPasswordOf
  openOutput?: (out: string) => OutputFiles
  /** Records the output being written. */
  hands?: Pick<Hands, 'take'>
  /** Decodes document input that the output shows. */
  decoder?: Decoder
  /** Called with the time that writing the files of a document took, milliseconds. */
  onWritten?: (ms: number) => void
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
    onWritten = () => undefined,
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

  const recordings = createRecordings(ledger, log)
  const writer = { ledger, filesOf, recordings, pdfPasswordOf, hands, decoder, onWritten, log }
  const write = createDocumentWriter(writer)

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
