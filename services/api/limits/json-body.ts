import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { PaceLimits } from './pace.ts'
import { watchBody } from './body.ts'
import { holderOf } from '../http/holder.ts'
import type { Held, ServiceLimits } from './limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The part of the memory for bodies that its JSON body uses; null where it uses none. */
    bodyMemory: Held | null
    /** Whether the reader of the body watches its speed and its end. */
    isBodyWatched: boolean
  }
}

interface Deps {
  limits: ServiceLimits
  pace: PaceLimits
  lingerMs: number
  /** For all of a JSON body, the largest one at a modest speed. */
  deadlineMs: number
  /** A rejected client may continue to send for this time before its connection is cut, milliseconds. */
  unwantedMs: number
}

/**
 * Reads JSON bodies into memory: within the route's limit, the memory for all bodies, a minimum rate and a deadline.
 * Throws `upload_too_large`, `upload_too_slow`, `malformed_request` or a limit's refusal.
 */
export function installJsonBodies(app: FastifyInstance, deps: Deps): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.decorateRequest('bodyMemory', null)
  app.decorateRequest('isBodyWatched', false)
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const text = await read(request, deps)
    requireFewValues(text)
    return new Promise<unknown>((resolve, reject) => {
      void parse(request, text, (error, body) => (error === null ? resolve(body) : reject(error)))
    })
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!hasBody(request.raw)) return
    reply.raw.once('close', () => {
      request.bodyMemory?.release()
      if (!request.isBodyWatched) endUnreadBody(request.raw, deps.unwantedMs)
    })
  })
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** The unread body of a rejected request: the client can read the reason, and is cut off after a while. */
function endUnreadBody(raw: IncomingMessage, unwantedMs: number): void {
  if (raw.complete || raw.destroyed) return
  const timer = setTimeout(() => raw.destroy(), unwantedMs).unref()
  raw.once('end', () => clearTimeout(timer))
  raw.once('close', () => clearTimeout(timer))
}

async function read(request: FastifyRequest, deps: Deps): Promise<string> {
  const { limits, pace, lingerMs, deadlineMs } = deps
  const { raw } = request
  const maxRequestBytes = request.routeOptions.bodyLimit ?? 0
  const announced = Number(raw.headers['content-length'] ?? maxRequestBytes)
  if (announced > maxRequestBytes) throw tooLarge(maxRequestBytes)
  const memory = limits.take('body_bytes', holderOf(request), 0)
  request.bodyMemory = memory
  const body = watchBody(raw, { maxRequestBytes, pace, lingerMs }, tooLarge)
  request.isBodyWatched = true
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(tooLate(deadlineMs)), deadlineMs)
  try {
    return await gather(raw, memory, AbortSignal.any([body.signal, late.signal]))
  } catch (thrown) {
    memory.release()
    throw thrown
  } finally {
    clearTimeout(timer)
    body.release()
  }
}

/**
 * Reads a body to its end. Memory is reserved as bytes arrive: a client that announces much and sends nothing holds
 * none. Throws the signal's reason, or the refusal of more memory.
 */
async function gather(raw: IncomingMessage, memory: Held, given: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  const full = new AbortController()
  const signal = AbortSignal.any([given, full.signal])
  const keep = (chunk: Buffer): void => {
    if (signal.aborted) return
    try {
      memory.takeMore(chunk.length)
      chunks.push(chunk)
    } catch (thrown) {
      full.abort(thrown)
    }
  }
  raw.on('data', keep)
  raw.resume()
  try {
    await finished(raw, { signal, writable: false, cleanup: true })
    return Buffer.concat(chunks).toString()
  } catch (thrown) {
    signal.throwIfAborted() // The signal's reason is more specific than the error that it causes.
    throw thrown
  } finally {
    raw.off('data', keep)
  }
}

/**
 * A parsed value takes a hundred times the memory of its string: a large body must be one file, not millions of values.
 */
const maxValues = 200_000

function requireFewValues(text: string): void {
  if (text.length <= maxValues) return
  let values = 0
  for (const sign of ['{', '[', ',']) {
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
      values += 1
      if (values <= maxValues) continue
      throw new ScriptoriumError(
        'upload_too_large',
        `the JSON body has more than ${maxValues} values`,
      )
    }
  }
}

const tooLarge = (maxBytes: number): ScriptoriumError =>
  new ScriptoriumError(
    'upload_too_large',
    `the JSON body is larger than ${maxBytes} bytes, the limit of this route`,
  )

const tooLate = (deadlineMs: number): ScriptoriumError =>
  new ScriptoriumError(
    'upload_too_slow',
    `the JSON body did not arrive within ${deadlineMs / 1_000} seconds; send files as multipart`,
  )
