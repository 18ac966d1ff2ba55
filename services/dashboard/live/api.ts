import { isAway } from './outage.ts'
import { askForToken, forgetToken, token } from './session.ts'
import type { Readiness } from './views.ts'

/** A refusal of the service, or its silence. */
export class ApiProblem extends Error {
  readonly code: string
  /** HTTP status; 0 where the service did not answer. */
  readonly status: number
  /** Seconds until it is worth asking again, where the service named them. */
  readonly retryAfter: number | null

  constructor(code: string, status: number, message: string, retryAfter: number | null = null) {
    super(message)
    this.code = code
    this.status = status
    this.retryAfter = retryAfter
  }
}

export const unreachable = (): ApiProblem =>
  new ApiProblem('unreachable', 0, 'The service does not answer. Is it running?')

/** The problem document of an answer. */
export function readProblem(status: number, text: string, retryAfter: string | null): ApiProblem {
  const seconds = retryAfter === null ? null : Number(retryAfter)
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown }
    if (typeof code === 'string' && typeof detail === 'string')
      return new ApiProblem(code, status, detail, seconds)
  } catch {
    // A proxy in front answers in a form of its own.
  }
  return new ApiProblem('unknown', status, `The service answered with status ${status}.`, seconds)
}

/** The headers of a request by this caller. */
export const headersOf = (more: Record<string, string> = {}): Record<string, string> =>
  token.value === null ? more : { ...more, authorization: `Bearer ${token.value}` }

/** Sends a request with the caller's token. Throws `ApiProblem`; an unknown token is forgotten, so that it is asked for. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const asked = token.value
  let response: Response
  try {
    response = await fetch(path, { ...init, headers: headersOf(toRecord(init.headers)) })
  } catch (thrown) {
    if (init.signal?.aborted === true) throw thrown
    isAway.value = true
    throw unreachable()
  }
  isAway.value = false
  if (response.ok) return response
  const text = await response.text()
  const problem = readProblem(response.status, text, response.headers.get('retry-after'))
  if (problem.status === 401 && asked === token.value) {
    if (asked === null) askForToken()
    else forgetToken('The service does not know this token.')
  }
  throw problem
}

const toRecord = (headers: HeadersInit | undefined): Record<string, string> =>
  Object.fromEntries(new Headers(headers))

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await send(path, signal === undefined ? {} : { signal })
  return (await response.json()) as T
}

export async function sendJson<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(path, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  })
  return (response.status === 204 ? null : await response.json()) as T
}

/** The parts of the service; one that is not ready answers with status 503 and the same form. */
export async function getReadiness(signal: AbortSignal): Promise<Readiness> {
  const response = await fetch('/readyz', { signal })
  return (await response.json()) as Readiness
}

/** Fetches a file with the caller's token, which a plain link would not carry, and saves it. */
export async function download(path: string, name: string): Promise<void> {
  const response = await send(path)
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** A query string of the values that are set. */
export function queryOf(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
