import pLimit from 'p-limit'
import { systemCode, toError } from '../../shared/errors.ts'
import type { Logger } from '../../shared/logger.ts'
import { writtenOutputs, type DocumentRow } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { createOutputFiles, type OutputFiles } from './outputs/files.ts'
import { outputFormats } from './outputs/formats.ts'
import { documentOf, inputOf } from './outputs/from-ledger.ts'
import type { PdfPasswordOf } from './pdf-password.ts'

type RunOf = (row: DocumentRow) => Run | undefined

/** Files written at the same time: fdatasync waits for the disk, not for the processor. */
const concurrentWrites = 16

/** Errors of one name, not of the disk: the next file may well be written. */
const conflicts = new Set(['ENAMETOOLONG', 'EISDIR', 'ENOTDIR', 'EEXIST', 'EINVAL'])

/** Turns documents that are read into output files, and only then makes them final. */
export function createPublisher(
  ledger: Ledger,
  announce: (documentId: string) => void,
  log: Logger,
  pdfPasswordOf: PdfPasswordOf = () => Promise.resolve(undefined),
) {
  const files = new Map<string, OutputFiles>()
  const limit = pLimit(concurrentWrites)

  const filesOf = (out: string): OutputFiles => {
    const known = files.get(out) ?? createOutputFiles(out)
    files.set(out, known)
    return known
  }

  /** Only of PDFs whose pages are shown it is asked for. */
  const passwordFor = async (row: DocumentRow, run: Run): Promise<string | undefined> =>
    row.media_type === 'application/pdf' &&
    run.request.formats.some((format) => outputFormats[format].showsInput)
      ? pdfPasswordOf(run)
      : undefined

  /** Returns a thunk that records what was written: recording waits until the files are durable. */
  const write = async (id: string, runOf: RunOf): Promise<(() => void) | undefined> => {
    const row = ledger.documents.get(id)
    const run = row && runOf(row)
    if (row === undefined || run === undefined) return undefined
    // Uploads have no output folder: the API serves them from the ledger.
    if (run.request.formats.length === 0) return () => ledger.documents.settle(id, {})
    const document = documentOf(ledger, row, run.request)
    const input = inputOf(row, run.request, await passwordFor(row, run))
    try {
      const { out, formats } = run.request
      const written = await filesOf(out).write(document, formats, input, writtenOutputs(row))
      const { hashes, unavailable } = written
      for (const each of unavailable)
        log.warn({ path: document.path, ...each }, 'a format is left out')
      return () => ledger.documents.settle(id, hashes, unavailable)
    } catch (thrown) {
      if (!conflicts.has(systemCode(thrown) ?? '')) throw thrown
      const message = `its output cannot be written: ${toError(thrown).message}`
      log.warn({ path: document.path, err: message }, 'output conflict')
      return () => ledger.documents.fail(id, 'failed', { code: 'output_conflict', message })
    }
  }

  return {
    filesOf,
    /**
     * Writes documents as their own run wants them, or as `owner` does, and makes them final.
     * Rejects where the disk refuses; nothing is final then.
     */
    async publish(ids: readonly string[], owner?: Run): Promise<void> {
      if (ids.length === 0) return
      const runs = new Map<string, Run | undefined>()
      const runOf: RunOf = ({ run_id: id }) => {
        if (owner !== undefined) return owner
        if (!runs.has(id)) runs.set(id, ledger.runs.get(id))
        return runs.get(id)
      }
      const records = await Promise.all(ids.map((id) => limit(() => write(id, runOf))))
      for (const known of files.values()) await known.sync()
      ledger.transaction(() => {
        records.forEach((record, index) => {
          record?.()
          const id = ids[index]
          if (record !== undefined && owner === undefined && id !== undefined) announce(id)
        })
      })
    },
  }
}

export type Publisher = ReturnType<typeof createPublisher>
