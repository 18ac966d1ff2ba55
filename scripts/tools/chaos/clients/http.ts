import { isErrorCode } from '../../../../shared/process/errors.ts'

/** A service's answer; `status` 0 where none arrived. */
export interface HttpAnswer {
  status: number
  text: string
  /** The answer as JSON; an empty object if it is not JSON. */
  body: Record<string, unknown>
}

/** Longer than any answer may take: a later one counts as hanging. */
const answerMs = 90_000

/** Sends a request and awaits the complete answer. Never throws: a missing answer is a result, too. */
export async function ask(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(answerMs) })
    const text = await response.text()
    return { status: response.status, text, body: parse(text) }
  } catch (thrown) {
    return { status: 0, text: String(thrown), body: {} }
  }
}

/** Statuses that a client expects of a service in trouble; 0 is a broken connection. */
const expected = new Set([0, 408, 409, 429, 503, 507])

/** An answer that no client can act on: a 5xx without a code, or one that blames the client. */
export const isUnexpected = ({ status }: HttpAnswer): boolean =>
  status >= 400 && !expected.has(status)

/** Its status, and the reason of a rejection. */
export const describeAnswer = ({ status, text, body }: HttpAnswer): string => {
  if (status > 0 && status < 300) return String(status)
  const code = body['code']
  return `${status} ${typeof code === 'string' && isErrorCode(code) ? code : text.slice(0, 200)}`
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {} // Not JSON: only the text is available.
  }
}
