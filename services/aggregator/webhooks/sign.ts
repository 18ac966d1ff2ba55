import { createHmac, timingSafeEqual } from 'node:crypto'

const hmac = (secret: string, seconds: string, body: string): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest()

/**
 * The `Scriptorium-Signature` header, made as Stripe makes its: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`.
 * The time is signed too, so that what was overheard cannot be sent again later.
 */
export function sign(secret: string, body: string, atMs: number): string {
  const seconds = String(Math.floor(atMs / 1_000))
  return `t=${seconds},v1=${hmac(secret, seconds, body).toString('hex')}`
}

interface Received {
  /** The `Scriptorium-Signature` header. */
  header: string
  /** The body as it came, before it is parsed. */
  body: string
  secret: string
  /** How far the sender's clock may be from ours. */
  toleranceSeconds?: number
  nowMs?: number
}

/** What a receiver does: true where the body is from somebody who knows the secret, and was sent just now. */
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
