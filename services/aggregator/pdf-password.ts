import type { Keys } from '../../shared/keys.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Run } from './ledger/runs.ts'

/** Gives the password that came with a run; undefined where none came, or it is gone. Rejects where Redis does not answer. */
export type PdfPasswordOf = (run: Pick<Run, 'id' | 'request'>) => Promise<string | undefined>

/** The password of a run's PDFs is in Redis only, and there as long as the run lasts. */
export const createPdfPasswords =
  (redis: Pick<Redis, 'get'>, keys: Keys): PdfPasswordOf =>
  async ({ id, request }) =>
    request.hasPdfPassword === true ? ((await redis.get(keys.secret(id))) ?? undefined) : undefined
