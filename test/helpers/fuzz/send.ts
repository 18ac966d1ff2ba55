import { request } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import type { FuzzRequest } from './requests.ts'

export interface FuzzAnswer {
  status: number
  /** Without parameters. */
  mediaType: string
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** Within this time a request is answered, and an event stream has begun. */
const deadlineMs = 60_000

/** Sends a request on a separate connection. Of an event stream only the head is awaited. */
export function send(address: string, { method, path, headers, content }: FuzzRequest) {
  return new Promise<FuzzAnswer>((resolve, reject) => {
    const { hostname, port } = new URL(address)
    const length = content === undefined ? {} : { 'content-length': content.length }
    const outgoing = request({
      host: hostname,
      port,
      method,
      path,
      agent: false,
      headers: { ...length, ...headers, connection: 'close' },
    })
    const late = setTimeout(() => {
      reject(new Error(`no answer within ${deadlineMs} ms`))
      outgoing.destroy()
    }, deadlineMs)
    outgoing.on('error', reject) // Has no effect after an early answer: the service need not read the whole body.
    outgoing.on('close', () => clearTimeout(late))
    outgoing.on('response', (response) => {
      const { statusCode: status = 0, headers: answered } = response
      const mediaType = (answered['content-type'] ?? '').split(';')[0] ?? ''
      const chunks: Buffer[] = []
      const settle = (): void => {
        resolve({ status, mediaType, headers: answered, body: Buffer.concat(chunks).toString() })
        outgoing.destroy()
      }
      if (mediaType === 'text/event-stream') settle()
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', settle)
      response.on('error', reject)
    })
    outgoing.end(content)
  })
}

/** Sends bytes as they are, then nothing more. Returns all that comes back before the service hangs up. */
export async function sendBytes(address: string, pieces: readonly Buffer[]): Promise<string> {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined) // A reset is an end, too.
  const late = setTimeout(() => socket.destroy(new Error('late')), deadlineMs)
  const closed = once(socket, 'close').catch(() => undefined)
  let isLate = false
  socket.on('error', ({ message }) => (isLate ||= message === 'late'))
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed])
  for (const piece of pieces) {
    if (!socket.writable) break
    socket.write(piece)
    await new Promise(setImmediate) // Each arrives by itself.
  }
  if (socket.writable) socket.end()
  socket.on('end', () => socket.end())
  await closed
  clearTimeout(late)
  if (isLate) throw new Error(`the connection was not closed within ${deadlineMs} ms`)
  return Buffer.concat(chunks).toString('latin1')
}
