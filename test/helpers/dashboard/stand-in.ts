import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Ending } from '../folder.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server in front of a service that answers some requests itself, by method and path. */
export async function standBefore(
  ending: Ending,
  address: string,
  answers: Readonly<Record<string, Answer>>,
): Promise<string> {
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await fetch(new URL(request.url ?? '/', address), {
      method: request.method ?? 'GET',
    })
    const type = answer.headers.get('content-type') ?? 'text/plain'
    const policy = answer.headers.get('content-security-policy')
    response.writeHead(answer.status, {
      'content-type': type,
      ...(policy !== null && { 'content-security-policy': policy }),
    })
    response.end(new Uint8Array(await answer.arrayBuffer()))
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', address)
    const answer = answers[`${request.method} ${pathname}`]
    if (answer !== undefined) return answer(request, response)
    pass(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ending.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}
