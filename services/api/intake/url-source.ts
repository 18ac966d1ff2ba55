import type { Readable } from 'node:stream'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import { dispositionName, uploadName } from './uploads/name.ts'

interface Limits {
  maxBytes: number
  /** Timeout up to the last byte. */
  timeoutMs: number
  signal?: AbortSignal
}

/** A download in progress. */
interface UrlSource {
  /** Its bytes; fails with `url_failed`. Whoever stops reading destroys it. */
  stream: Readable
  name: string
  /** The size declared by the server; undefined without one. */
  bytes: number | undefined
  /** Media type that the server declares, without parameters; the bytes decide. */
  declaredType: string | undefined
}

const maxRedirects = 3

/**
 * Starts fetching the file at `url`. Throws `url_refused`, `url_failed`, or `upload_too_large` if the server declares
 * too large a size: servers may declare none, or less than they send, so the reader counts as well.
 */
export async function openUrlSource(
  outbound: Pick<Outbound, 'request'>,
  url: string,
  { maxBytes, ...limits }: Limits,
): Promise<UrlSource> {
  // Asked for compressed bytes, a server might send a small file that becomes a large one here.
  const headers = { accept: 'image/*, application/pdf, */*;q=0.5', 'accept-encoding': 'identity' }
  const answer = await outbound.request(url, { headers, maxRedirects, ...limits })
  const failure = judge(answer, new URL(url).hostname, maxBytes)
  if (failure !== undefined) {
    answer.body.destroy()
    throw failure
  }
  const declaredType = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const disposition = dispositionName(answer.headers.get('content-disposition'))
  const name = uploadName(disposition ?? lastSegment(url))
  const length = answer.headers.get('content-length')
  const bytes = length === undefined ? undefined : Number(length)
  return { stream: answer.body, name, bytes, declaredType: declaredType || undefined }
}

function judge(
  { status, headers }: Awaited<ReturnType<Outbound['request']>>,
  hostname: string,
  maxBytes: number,
): ScriptoriumError | undefined {
  if (status < 200 || status > 299) {
    return new ScriptoriumError('url_failed', `${hostname} responded with status ${status}`)
  }
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    return new ScriptoriumError(
      'url_failed',
      `${hostname} responded with an encoding that was not requested`,
    )
  }
  const bytes = Number(headers.get('content-length') ?? 0)
  if (bytes <= maxBytes) return undefined
  return new ScriptoriumError(
    'upload_too_large',
    `the file at ${hostname} has ${bytes} bytes, more than the limit of ${maxBytes}`,
  )
}

function lastSegment(url: string): string {
  const segment = new URL(url).pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment // Not UTF-8: used as written in the URL.
  }
}
