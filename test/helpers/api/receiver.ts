import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Ending } from '../folder.ts'

/** A received request. */
export interface Seen {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

interface Receiver {
  port: number
  url: string
  /** Completely received requests, in order. */
  seen: Seen[]
  /** Connections that were made, and those that are open. */
  connections: { made: number; open: number }
}

/** A server on a loopback address with given answers, which records its requests. */
export async function startReceiver(
  ending: Ending,
  answer: (response: ServerResponse, seen: Seen) => unknown,
  host = '127.0.0.1',
): Promise<Receiver> {
  const seen: Seen[] = []
  const connections = { made: 0, open: 0 }
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request
    void text(request).then((body) => {
      const one = { method, path, headers, body }
      seen.push(one)
      return answer(response, one)
    })
  })
  server.on('connection', (socket) => {
    connections.made += 1
    connections.open += 1
    socket.once('close', () => (connections.open -= 1))
  })
  server.listen(0, host)
  await once(server, 'listening')
  ending.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://${host}:${port}`, seen, connections }
}
