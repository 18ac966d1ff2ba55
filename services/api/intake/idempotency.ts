import { hash } from 'node:crypto'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { idempotencyMs, type Idempotency } from '../../../shared/contract/idempotency.ts'
import type { UploadRequest } from '../../../shared/contract/messages/run-request.ts'
import type { Accepted, Submission } from './submission.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import type { Tickets } from '../state/tickets.ts'

interface Deps {
  ledger: LedgerView
  tickets: Tickets
}

/** The key of a submission, stored with its documents. */
export type IdempotencyKey = Pick<Idempotency, 'key' | 'bodyHash'>

/**
 * Answers a repeated Idempotency-Key like the first time, for a day. The key is stored with the upload, so it is known
 * as long as the upload is, whatever Redis loses. Throws `idempotency_conflict` if the key came with another body
 * before.
 */
export function createIdempotency({ ledger, tickets }: Deps) {
  const underWay = new Map<string, Promise<unknown>>()

  /** An upload with a deleted document does not count: its answer no longer exists. */
  const recorded = (key: string): UploadRequest | undefined => {
    const { runs, documents } = ledger.get()
    const since = new Date(Date.now() - idempotencyMs).toISOString()
    const request = runs.withKey(key, since)?.request
    if (request?.source !== 'upload') return undefined
    const isWhole = request.idempotency?.documents.every(({ id }) => documents.get(id))
    return isWhole === true ? request : undefined
  }

  /** In the ledger, or still in a ticket, or recorded while that was looked for. */
  const find = async (key: string): Promise<(Accepted & IdempotencyKey) | undefined> => {
    const request = recorded(key) ?? (await tickets.ofKey(key))?.request ?? recorded(key)
    if (request?.idempotency === undefined) return undefined
    const { runId, idempotency } = request
    return { runId, ...idempotency }
  }

  return async (
    submission: Submission & { key: string | undefined },
    accept: (key?: IdempotencyKey) => Promise<Accepted>,
  ): Promise<Accepted> => {
    if (submission.key === undefined) return accept()
    const key = hash('sha256', `${submission.caller} ${submission.key}`)
    const bodyHash = hashOf(submission)
    // Of concurrent ones the first is accepted, and the others get the same answer.
    for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) {
      await Promise.allSettled([other])
    }
    const settle = async (): Promise<Accepted> => {
      const before = await find(key)
      if (before === undefined) return accept({ key, bodyHash })
      if (before.bodyHash === bodyHash) return before
      const message = 'this Idempotency-Key was used with other files or options; use a new one'
      throw new ScriptoriumError('idempotency_conflict', message)
    }
    const settled = settle().finally(() => underWay.delete(key))
    underWay.set(key, settled)
    return settled
  }
}

export type SettleIdempotency = ReturnType<typeof createIdempotency>

/** Without the password, because the stored hash must not help to guess it. */
const hashOf = ({ received, options }: Submission): string => {
  const kept = { ...options, pdfPassword: undefined }
  return hash('sha256', JSON.stringify([received.map(({ sha256 }) => sha256), kept]))
}
