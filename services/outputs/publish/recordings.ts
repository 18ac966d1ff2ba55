import type { Document } from '../../ledger/document.ts'
import { nextPass } from '../../ledger/document-jobs.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { ScriptoriumError, systemCode, toError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { UnsafePath } from '../../../shared/files/private-files.ts'
import type { Written } from '../files/output-files.ts'

/** Documents whose state publishing has changed. */
export interface Published {
  /** Their files exist. */
  written: string[]
  /** Their files cannot be written under their names. */
  failed: string[]
  /** Their pages are lost, so they are planned again. */
  lost: string[]
}

/**
 * Records the outcome of a document's writing in the ledger, once its files are durable; undefined if the ledger had
 * changed.
 */
export type Recording = () => keyof Published | undefined

const conflicts = new Set(['ENAMETOOLONG', 'EISDIR', 'ENOTDIR', 'EEXIST', 'EINVAL'])

/** True for an error of one name, not of the disk: the next file can still be written. */
export const isConflict = (thrown: unknown): boolean =>
  thrown instanceof UnsafePath || conflicts.has(systemCode(thrown) ?? '')

/** The outcomes of writing a document; with an `owner`, a final document was written as that run requests. */
export function createRecordings(ledger: Ledger, log: Logger) {
  return {
    /** Its files are written. */
    written(row: Document, { hashes, unavailable }: Written, owner?: FolderRun): Recording {
      const happened = owner === undefined ? ledger.documents.settle : ledger.documents.rewrite
      return () => (happened(row, hashes, unavailable) ? 'written' : undefined)
    },
    /** For errors of one document, not of the disk; throws all others. */
    failed(row: Document, thrown: unknown): Recording {
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
    },
    /** A document with lost pages gets no output: it is read again. */
    lost(row: Document, owner?: FolderRun): Recording {
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
    },
  }
}

export type Recordings = ReturnType<typeof createRecordings>
