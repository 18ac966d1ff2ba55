import type { IncomingMessage } from 'node:http'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { watchPace, type PaceLimits } from './pace.ts'

export interface BodyLimits {
  /** Limit of the whole body: all files and the bytes between them. */
  maxRequestBytes: number
  pace: PaceLimits
  /**
   * Maximum time for which the rest of an oversized body is read after the answer, milliseconds: a client that is cut
   * off while it sends would not see why.
   */
  lingerMs: number
}

/** A request's body under watch, from before the first byte until it has ended or its connection is cut. */
interface WatchedBody {
  /** Aborted with `upload_too_large` or `upload_too_slow`, or with ECONNRESET where the client went away. */
  readonly signal: AbortSignal
  /** Discards the rest: a client that is still sending would take a closed connection for the answer. */
  release(): void
}

/** Watches a body before it is read; it stays paused until it is piped. */
export function watchBody(
  raw: IncomingMessage,
  limits: BodyLimits,
  tooLarge = requestTooLarge,
): WatchedBody {
  const { maxRequestBytes, pace, lingerMs } = limits
  const refusal = new AbortController()
  let linger: NodeJS.Timeout | undefined
  let arrived = 0
  let isReleased = false

  const refuse = (error: ScriptoriumError): void => {
    if (refusal.signal.aborted) return
    refusal.abort(error)
    if (isReleased) cutLater()
  }
  // Once the body is released, the answer follows at once; removing its files before that may take long on a busy disk.
  const cutLater = (): void => {
    if (!raw.readableEnded && !raw.destroyed)
      linger = setTimeout(() => raw.destroy(), lingerMs).unref()
  }
  const count = (chunk: Buffer): void => {
    arrived += chunk.length
    if (arrived > maxRequestBytes) refuse(tooLarge(maxRequestBytes))
  }
  const onEnd = (): void => clearTimeout(linger)
  const onClose = (): void => {
    endWatch()
    onEnd()
    if (!raw.readableEnded) refusal.abort(clientGone())
  }

  raw.pause() // A listener for data would start it.
  raw.on('data', count)
  raw.once('end', onEnd)
  raw.once('close', onClose)
  const endWatch = watchPace(raw, pace, refuse)
  if (raw.destroyed) onClose()
  // A declared size above the limit is rejected without counting.
  if (Number(raw.headers['content-length']) > maxRequestBytes) {
    refuse(tooLarge(maxRequestBytes))
  }
  return {
    signal: refusal.signal,
    release() {
      isReleased = true
      if (refusal.signal.aborted) cutLater()
      raw.unpipe()
      raw.resume()
    },
  }
}

const requestTooLarge = (maxRequestBytes: number): ScriptoriumError =>
  new ScriptoriumError(
    'upload_too_large',
    `the request is larger than SCRIPTORIUM_MAX_REQUEST_BYTES=${maxRequestBytes} bytes; send fewer files at a time`,
  )

const clientGone = (): Error =>
  Object.assign(new Error('the client closed the connection'), { code: 'ECONNRESET' })
