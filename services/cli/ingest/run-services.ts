import { hash } from 'node:crypto'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'

/** The services that read a run: processes of our own, or services that are there already. */
export interface RunServices {
  redis: Redis
  keys: Keys
  pdfPasswords: PdfPasswords
  /** A hint for users when nothing answers: an address, or a log. */
  where: string
  /** The reason why they cannot continue; undefined while they can. */
  failure: () => Error | undefined
  /** Called after the command was sent: the aggregator finds the request when it starts. */
  begin: () => void
  /** Ensures that there are workers, now that there are pages to read. */
  needWorkers: () => void
  /** Lets the pages in hand be finished and begins no more of this run. */
  quieten: () => Promise<void>
  close: () => Promise<void>
}

/** Names an output folder in Redis. */
export const outHash = (out: string): string => hash('sha256', out).slice(0, 26)
