import { once } from 'node:events'
import { request, type Agent, type OutgoingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { buffer } from 'node:stream/consumers'

interface Asked {
  agent: Agent
  method: 'GET' | 'POST'
  headers?: OutgoingHttpHeaders
  /** Sent unchanged; a stream for data generated during the request. */
  body?: readonly Buffer[] | Readable
}

/** A request and its complete answer. Times are those of `performance.now()`. */
export interface Exchange {
  status: number
  body: Buffer
  /** When the system had taken the request's last byte. */
  lastByteAt: number
  answeredAt: number
}

/** Sends one request and reads the answer. */
export async function exchange(
  url: string,
  { agent, method, headers, body }: Asked,
): Promise<Exchange> {
  const outgoing = request(url, { agent, method, ...(headers && { headers }) })
  const answered = once(outgoing, 'response')
  let lastByteAt = Number.NaN
  outgoing.once('finish', () => (lastByteAt = performance.now()))
  if (body === undefined) outgoing.end()
  else if (isStream(body)) await pipeline(body, outgoing)
  else {
    for (const piece of body.slice(0, -1)) outgoing.write(piece)
    outgoing.end(body.at(-1))
  }
  const [response] = await answered
  const content = await buffer(response)
  return { status: response.statusCode, body: content, lastByteAt, answeredAt: performance.now() }
}

const isStream = (body: readonly Buffer[] | Readable): body is Readable => 'pipe' in body

/** Counts an unexpected answer. */
export function noteRefusal(
  refusals: Record<string, number>,
  { status, body }: Exchange,
  right: readonly number[],
): void {
  if (right.includes(status)) return
  const [, code = ''] = /"code":"(\w+)"/.exec(body.toString()) ?? []
  const name = `${status} ${code}`
  refusals[name] = (refusals[name] ?? 0) + 1
}
