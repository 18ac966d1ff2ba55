import { hash } from 'node:crypto'
import { once } from 'node:events'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { delayAfter } from '../../../../shared/process/waiting/retry.ts'
import type { Source, SourceRequest } from '../source.ts'
import { toFailure } from './refusals.ts'

interface Deps {
  /** Address of the API, http or https. */
  apiUrl: string
  /** Maximum silence of the API. */
  silenceMs?: number
}

const defaultSilenceMs = 30_000
/** Attempts in a row that bring nothing. */
const maxAttempts = 3
const delays = { firstMs: 250, maxMs: 2_000 }

/** The part of a file that has arrived. */
interface Part {
  bytes: Buffer
  filled: number
  etag: string
  /** SHA-256 of the whole file, hex, as the API computed it. */
  sha256: string
}

/** A download from its first attempt to its last. */
interface Transfer {
  part: Part | undefined
}

/**
 * Downloads files from the API. A connection that breaks is continued where it broke, if the file is still the same; a
 * file that arrives damaged is asked for again. Throws the errors of `openPlanned` that the API reports, `blob_refused`
 * where the API does not accept the token, and `blob_unavailable` where it cannot be reached.
 */
export function createDownload({ apiUrl, silenceMs = defaultSilenceMs }: Deps) {
  const ask = createAsk(apiUrl, silenceMs)

  const proceed = async (
    { jobId, blob = '', maxBytes }: SourceRequest,
    transfer: Transfer,
  ): Promise<Source> => {
    const { part } = transfer
    const rest = part && { range: `bytes=${part.filled}-`, 'if-range': part.etag }
    const response = await ask(`v1/blobs/${jobId}`, { authorization: `Bearer ${blob}`, ...rest })
    const isRest = response.statusCode === 206 && part?.filled === startOf(response)
    if (!isRest && response.statusCode !== 200) throw await toFailure(response)
    const current = isRest && part !== undefined ? part : beginPart(response, maxBytes)
    transfer.part = current
    for await (const piece of response) fill(current, Buffer.from(piece))
    if (current.filled < current.bytes.length) throw new Error('the connection was closed')
    transfer.part = undefined
    const { bytes, sha256 } = current
    if (hash('sha256', bytes) !== sha256) throw new Error('the file arrived damaged')
    return { bytes, sha256 }
  }

  return async (request: SourceRequest): Promise<Source> => {
    const transfer: Transfer = { part: undefined }
    for (let fruitless = 0; ;) {
      const before = transfer.part?.filled ?? 0
      try {
        return await proceed(request, transfer)
      } catch (thrown) {
        if (thrown instanceof ScriptoriumError) throw thrown
        fruitless = (transfer.part?.filled ?? 0) > before ? 1 : fruitless + 1
        if (fruitless === maxAttempts) {
          const message = `cannot be had from the API at ${apiUrl}: ${toError(thrown).message}`
          throw new ScriptoriumError('blob_unavailable', message, { cause: thrown })
        }
        await delay(delayAfter(fruitless, delays))
      }
    }
  }
}

export type DownloadBlob = ReturnType<typeof createDownload>

/** Sends GET requests over connections that are kept. */
function createAsk(apiUrl: string, silenceMs: number) {
  const base = new URL(apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`)
  const isSecure = base.protocol === 'https:'
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const send = isSecure ? httpsRequest : httpRequest
  return async (path: string, headers: Record<string, string>): Promise<IncomingMessage> => {
    const sent = send(new URL(path, base), {
      agent,
      headers: { 'accept-encoding': 'identity', ...headers },
      timeout: silenceMs,
    })
    sent.on('error', () => undefined) // After the head, the response reports it.
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${silenceMs} ms`)))
    sent.end()
    const [response]: IncomingMessage[] = await once(sent, 'response')
    if (response === undefined) throw new Error('no answer')
    return response
  }
}

/** Throws for an answer that is not the API's. */
function beginPart({ headers }: IncomingMessage, maxBytes: number): Part {
  const size = Number(headers['content-length'])
  const digest = String(headers['repr-digest'])
  const [, base64 = ''] = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(digest) ?? []
  if (base64 === '' || !(size > 0)) throw new Error('the answer is not that of a Scriptorium API')
  if (size > maxBytes) {
    const limit = `SCRIPTORIUM_MAX_FILE_BYTES=${maxBytes}`
    throw new ScriptoriumError('too_large', `has ${size} bytes, more than ${limit}`)
  }
  const sha256 = Buffer.from(base64, 'base64').toString('hex')
  return { bytes: Buffer.allocUnsafe(size), filled: 0, etag: headers.etag ?? '', sha256 }
}

/** First byte of a partial answer. */
const startOf = ({ headers }: IncomingMessage): number =>
  Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1])

function fill(part: Part, piece: Buffer): void {
  if (part.filled + piece.length > part.bytes.length) throw new Error('more bytes than announced')
  part.filled += piece.copy(part.bytes, part.filled)
}
