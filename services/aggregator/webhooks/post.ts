import type { Readable } from 'node:stream'
import { toError } from '../../../shared/process/errors.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Webhook } from '../../../shared/contract/webhook.ts'
import type { Delivery } from '../../ledger/webhooks/deliveries.ts'
import { sign } from './sign.ts'

interface Deps {
  outbound: Pick<Outbound, 'request'>
  now: () => number
  timeoutMs: number
}

/** The receiver's answer, or the reason for its absence. */
export interface ReceiverAnswer {
  status: number | null
  error: string | null
  retryAfter?: string | undefined
}

/** Only the status counts; this much of the body is read, so that the connection can be reused. */
const readBytes = 65_536

/** Sends one delivery once. Redirects are not followed: only the subscribed receiver is notified. */
export function createPost({ outbound, now, timeoutMs }: Deps) {
  return async (
    { id, event, payload }: Delivery,
    { url, secret }: Webhook,
    signal: AbortSignal,
  ): Promise<ReceiverAnswer> => {
    const headers = {
      'content-type': 'application/json',
      'scriptorium-event': event,
      'scriptorium-delivery': id,
      'scriptorium-signature': sign(secret, payload, now()),
    }
    try {
      const request = { method: 'POST', headers, body: payload, timeoutMs, signal } as const
      const answer = await outbound.request(url, request)
      discard(answer.body)
      return { status: answer.status, error: null, retryAfter: answer.headers.get('retry-after') }
    } catch (thrown) {
      return { status: null, error: toError(thrown).message }
    }
  }
}

function discard(body: Readable): void {
  let bytes = 0
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > readBytes) body.destroy()
  })
}
