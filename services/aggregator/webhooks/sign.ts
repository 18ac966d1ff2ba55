import { createHmac, timingSafeEqual } from 'node:crypto'

const hmac = (secret: string, seconds: string, body: string): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest()

/**
 * Builds the `Scriptorium-Signature` header in Stripe's format: `t=<unix seconds>,v1=<hex HMAC-SHA256 of
 * "<t>.<body>">`. It signs the time, too, so that an intercepted delivery cannot be replayed later.
 */
export function sign(secret: string, body: string, atMs: number): string {
  const seconds = String(Math.floor(atMs / 1_000))
  return `t=${seconds},v1=${hmac(secret, seconds, body).toString('hex')}`
}

interface Received {
  /** The `Scriptorium-Signature` header. */
  header: string
  /** The body as received, before it is parsed. */
  body: string
  secret: string
  /** Maximum difference between the sender's clock and ours. */
  toleranceSeconds?: number
  nowMs?: number
}

/** A receiver's check: true where the sender knows the secret, and has just sent the body. */
export function verifySignature({
  header,
  body,
  secret,
  toleranceSeconds = 300,
  nowMs = Date.now(),
}: Received): boolean {
  const [, seconds, hex] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? []
  if (seconds === undefined || hex === undefined) return false
  if (Math.abs(nowMs / 1_000 - Number(seconds)) > toleranceSeconds) return false
  return timingSafeEqual(hmac(secret, seconds, body), Buffer.from(hex, 'hex'))
}
