import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { FolderRun } from '../../ledger/runs.ts'

/** Returns a run's password; undefined if it had none, or it has expired. Rejects if Redis does not answer. */
export type PdfPasswordOf = (run: Pick<FolderRun, 'id' | 'request'>) => Promise<string | undefined>

/** The password of a run's PDFs exists as long as the run. */
export const pdfPasswordsOf =
  (passwords: Pick<PdfPasswords, 'of'>): PdfPasswordOf =>
  async ({ id, request }) =>
    request.hasPdfPassword === true ? passwords.of(id) : undefined
