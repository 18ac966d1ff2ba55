import { DelayedError, type Job as QueueJob } from 'bullmq'
import type { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { delayAfter } from '../../../shared/process/waiting/retry.ts'
import { untilTaken } from '../../../shared/redis/connection/redis-trouble.ts'
import type { Ack } from './processor.ts'

interface Deps {
  /** Takes no job for this many milliseconds. */
  pause: (forMs: number) => void
  log: Lines
}

/** A worker that has the file, or reaches the API, takes the job first: this one pauses for at least as long. */
const delayMs = 500
const pauses = { firstMs: 500, maxMs: 10_000 }

/**
 * Gives back jobs whose files this worker cannot get: unread, and without counting an attempt. A job whose token the API
 * does not accept leaves the queue: it is too old, or was signed with another key. The aggregator, which has planned it
 * and finds it missing, adds it again with a new token.
 */
export function createWithoutBytes({ pause, log }: Deps) {
  let inARow = 0
  return {
    /** The worker got a file. */
    reset(): void {
      inARow = 0
    },
    /** Throws the error with which BullMQ learns that the job was moved. */
    async giveBack(
      queued: QueueJob,
      token: string | undefined,
      { code, message }: ScriptoriumError,
    ): Promise<Ack> {
      if (code === 'expired') return 'to be planned again'
      inARow += 1
      pause(delayAfter(inARow, pauses))
      if (code === 'blob_refused') {
        log.warn({ reason: message }, 'the API refuses the token of a job, it is planned again')
        return 'to be planned again'
      }
      log.warn({ reason: message }, 'the file of a job cannot be downloaded, the job waits')
      await untilTaken(() => queued.moveToDelayed(Date.now() + delayMs, token))
      throw new DelayedError()
    },
  }
}
