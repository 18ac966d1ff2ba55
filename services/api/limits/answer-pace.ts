import type { Socket } from 'node:net'
import type { PaceLimits } from './pace.ts'

interface Sample {
  at: number
  /** Bytes that the system has accepted for the client. */
  taken: number
}

const looksPerWindow = 6

/**
 * Ends connections of clients that take their answer too slowly: while something waits for one, it takes the lowest
 * number of bytes in each window. One that stops reading would hold its answer in memory for ever.
 */
export function watchAnswers(sockets: Iterable<Socket>, pace: PaceLimits): () => void {
  const { minBytesPerSecond, windowMs } = pace
  const samples = new WeakMap<Socket, Sample>()
  const look = (): void => {
    const at = performance.now()
    for (const socket of sockets) {
      const { waiting, taken } = progressOf(socket)
      const before = samples.get(socket)
      if (waiting === 0) samples.delete(socket)
      else if (before === undefined) samples.set(socket, { at, taken })
      else if (at - before.at >= windowMs) {
        const seconds = (at - before.at) / 1_000
        if (taken - before.taken < minBytesPerSecond * seconds) socket.destroy()
        else samples.set(socket, { at, taken })
      }
    }
  }
  const timer = setInterval(look, windowMs / looksPerWindow).unref()
  return () => clearInterval(timer)
}

/**
 * In the public API a piece counts as unwritten until its last byte is accepted; only the underlying handle knows its
 * progress, which Node's own `_onTimeout` reads as well.
 */
function progressOf(socket: Socket): { waiting: number; taken: number } {
  const handle: unknown = Reflect.get(socket, '_handle')
  const [dispatched, queued] = [
    numberAt(handle, 'bytesWritten'),
    numberAt(handle, 'writeQueueSize'),
  ]
  const taken =
    dispatched === undefined || queued === undefined
      ? socket.bytesWritten - socket.writableLength
      : dispatched - queued
  return { waiting: socket.writableLength, taken }
}

function numberAt(value: unknown, name: string): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const found: unknown = Reflect.get(value, name)
  return typeof found === 'number' ? found : undefined
}
