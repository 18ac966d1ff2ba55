import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { toProblem } from './problem.ts'
import { securityHeaders } from './security-headers.ts'

/**
 * Answers requests that Node's parser rejects, on the bare socket, then closes the connection. `watch` reports requests
 * that are already answered: when the body of such a request breaks off, a second answer would be taken for that of the
 * next request.
 */
export function createUnparsedAnswer() {
  const latest = new WeakMap<Socket, ServerResponse>()
  const isAnswered = (socket: Socket): boolean => {
    const response = latest.get(socket)
    if (response === undefined || !response.headersSent) return false
    return !response.req.complete || !response.writableFinished
  }
  return {
    watch(server: Server): void {
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        latest.set(request.socket, response)
      })
      // An unknown expectation may be ignored (RFC 9110, 10.1.1); Node would answer with an empty 417.
      server.on('checkExpectation', (request, response) =>
        server.emit('request', request, response),
      )
    },
    answer(error: Error & { code?: string }, socket: Socket): void {
      if (socket.destroyed || error.code === 'ECONNRESET') return
      if (socket.writable && !isAnswered(socket)) socket.write(toResponse(refusalOf(error.code)))
      socket.destroySoon()
    },
  }
}

function toResponse(refusal: ScriptoriumError): string {
  const requestId = randomUUID()
  const body = JSON.stringify(toProblem(refusal, requestId))
  const head = [
    `HTTP/1.1 ${refusal.httpStatus} ${refusal.httpStatus === 408 ? 'Request Timeout' : 'Bad Request'}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

function refusalOf(code: string | undefined): ScriptoriumError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ScriptoriumError('upload_too_slow', 'the headers did not arrive in time')
    case 'HPE_HEADER_OVERFLOW':
      return new ScriptoriumError('malformed_request', 'the headers are too large')
    default:
      return new ScriptoriumError('malformed_request', 'the request is not valid HTTP')
  }
}
