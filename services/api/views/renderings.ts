import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Readable } from 'node:stream'
import type { Chunk } from '../../outputs/chunks.ts'
import { createDecoder } from '../../outputs/decoder/decoder.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import { spoolStream } from './spooled-stream.ts'

interface Options {
  limits: ServiceLimits
  /** Limits of a page. */
  decoding: { maxMegapixels: number; maxBytes: number }
  /** Folder of long renderings until the client has read them. */
  folder: string
  minFreeBytes: number
}

/** Size of the first piece, bytes: a rendering that fails within it gets an error status, and no answer has begun. */
const gatheredBytes = 1_048_576

/**
 * Renders documents in the decoder's process, one at a time. `limits` bounds the number of waiting renderings, which
 * would fill that queue and the disk. A rendering counts until its client has received it, or is gone.
 */
export function createRenderings({ limits, decoding, folder, minFreeBytes }: Options) {
  const decoder = createDecoder(decoding)

  return {
    decoder,
    /** A string if it is short, otherwise a stream. Throws the limit's refusal, `disk_full` and errors of `chunks`. */
    async render(
      chunks: AsyncIterable<Chunk> | Iterable<Chunk>,
      holder: string,
    ): Promise<Buffer | Readable> {
      const held = limits.take('renderings', holder)
      const source = toBuffers(chunks)
      try {
        const { gathered, isAll } = await gather(source, gatheredBytes)
        if (isAll) {
          held.release()
          return Buffer.concat(gathered)
        }
        const stream = await spoolStream(continueWith(gathered, source), { folder, minFreeBytes })
        stream.once('close', () => held.release())
        return stream
      } catch (thrown) {
        held.release()
        await source.return(undefined)
        throw thrown
      }
    },
    close: decoder.close,
  }
}

export type Renderings = ReturnType<typeof createRenderings>

/** Takes up to this many bytes. */
export async function gather(source: AsyncGenerator<Buffer>, maxBytes: number) {
  const gathered: Buffer[] = []
  for (let bytes = 0; bytes < maxBytes;) {
    const { done, value } = await source.next()
    if (done === true) return { gathered, isAll: true }
    gathered.push(value)
    bytes += value.length
  }
  return { gathered, isAll: false }
}

export async function* toBuffers(
  chunks: Iterable<Chunk> | AsyncIterable<Chunk>,
): AsyncGenerator<Buffer> {
  const turns = createEventTurns()
  for await (const chunk of chunks) {
    yield Buffer.from(chunk)
    await turns.give()
  }
}

export async function* continueWith(
  first: readonly Buffer[],
  rest: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  try {
    yield* first
    yield* rest
  } finally {
    await rest.return(undefined) // An early failure or the client's end may come before `yield*`.
  }
}
