import { hash } from 'node:crypto'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'

/** The services that read a run: processes of our own, or services that are there already. */
export interface RunServices {
  redis: Redis
  keys: Keys
  pdfPasswords: PdfPasswords
  /** What people look at where nobody answers: an address, or a log. */
  where: string
  /** The reason why they cannot continue; undefined while they can. */
  failure: () => Error | undefined
  /** Called once the run has been asked for: the aggregator finds the request when it starts. */
  begin: () => void
  /** Sees to it that there are workers, now that there is something to read. */
  needWorkers: () => void
  /** Lets the pages in hand be finished and begins no more of this run. */
  quieten: () => Promise<void>
  close: () => Promise<void>
}

/** Names an output folder in Redis. */
export const outHash = (out: string): string => hash('sha256', out).slice(0, 26)
