import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Ending } from '../folder.ts'
import { waitFor } from '../wait.ts'

/** A connection on which bytes are sent as they are. */
export interface RawClient {
  socket: Socket
  /** All bytes received so far. */
  text: () => string
  /** The status of the first answer, once it has arrived. */
  status: () => Promise<number>
  closed: () => Promise<unknown>
}

/** Opens a connection and sends `head`; it is destroyed with the test. */
export async function openRaw(ending: Ending, port: number, head = ''): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  ending.after(() => socket.destroy())
  let text = ''
  socket.on('error', () => undefined) // A reset is an end, too.
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  const closing = once(socket, 'close')
  await once(socket, 'connect')
  socket.write(Buffer.from(head, 'latin1'))
  return {
    socket,
    text: () => text,
    closed: () => closing,
    status: async () => {
      await waitFor('an answer', () => /^HTTP\/1\.1 \d{3} [^]*\r\n\r\n/.test(text))
      return Number(text.slice(9, 12))
    },
  }
}

/** A request's head. */
export const headOf = (
  line: string,
  headers: Readonly<Record<string, string | number>> = {},
): string =>
  [
    `${line} HTTP/1.1`,
    ...Object.entries({ host: 'localhost', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '\r\n',
  ].join('\r\n')
