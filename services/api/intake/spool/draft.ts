import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { finished, type Readable } from 'node:stream'
import { finished as ended } from 'node:stream/promises'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { readableTypeOf, sniffBytes } from '../../../../shared/files/media-types.ts'
import { requireSpace } from '../../limits/disk-space.ts'
import { watchPace, type PaceLimits } from '../../limits/pace.ts'
import { createSink } from './sink.ts'

/** Properties of a file that were found while it was written. */
export interface Draft {
  sha256: string
  bytes: number
  mediaType: string
}

interface DraftLimits {
  maxBytes: number
  minFreeBytes: number
  pace: PaceLimits
  signal: AbortSignal | undefined
  /** Called with the bytes of each piece. */
  onBytes: ((bytes: number) => void) | undefined
}

/**
 * Writes a stream to a new file; when this returns, its content is on the disk. If it throws, the stream is left paused
 * and undestroyed: destroying an HTTP request destroys the socket of its answer.
 */
export async function writeDraft(
  file: string,
  stream: Readable,
  { maxBytes, minFreeBytes, pace, signal, onBytes }: DraftLimits,
): Promise<Draft> {
  const failure = new AbortController()
  const cut = AbortSignal.any(signal === undefined ? [failure.signal] : [signal, failure.signal])
  const fail = (error: Error): void => failure.abort(error)
  finished(stream, { writable: false }, (error) => {
    if (error) fail(error)
  })

  await requireSpace(dirname(file), minFreeBytes)
  const handle = await open(file, 'wx', 0o600)
  const inspector = createInspector(maxBytes)
  const sink = createSink(handle, (chunk) => {
    onBytes?.(chunk.length)
    return inspector.add(chunk)
  })
  sink.on('error', () => undefined) // Nobody may await its end yet.
  const endWatch = watchPace(stream, pace, fail)
  stream.pipe(sink)
  try {
    await ended(sink, { signal: cut })
    const draft = await inspector.end()
    await handle.datasync()
    return draft
  } catch (thrown) {
    cut.throwIfAborted() // The signal's reason is more specific than the error that it causes.
    throw thrown
  } finally {
    endWatch()
    stream.unpipe(sink)
    stream.pause() // unpipe resumes the stream if the sink was full and there is another listener for data.
    sink.destroy()
    await handle.close()
  }
}

/** Counts, hashes and checks the bytes; messages follow the file's name. */
function createInspector(maxBytes: number) {
  const hash = createHash('sha256')
  const head = Buffer.allocUnsafe(sniffBytes)
  let bytes = 0
  let mediaType: string | undefined

  return {
    /** Throws `upload_too_large` or `unsupported_type` as soon as it is known. */
    async add(chunk: Buffer): Promise<void> {
      if (bytes < sniffBytes) chunk.copy(head, bytes)
      bytes += chunk.length
      if (bytes > maxBytes) throw fileTooLarge(maxBytes)
      hash.update(chunk)
      if (bytes >= sniffBytes) mediaType ??= await readableTypeOf(head)
    },
    async end(): Promise<Draft> {
      if (bytes === 0) throw new ScriptoriumError('empty_file', 'has 0 bytes')
      mediaType ??= await readableTypeOf(head.subarray(0, bytes))
      return { sha256: hash.digest('hex'), bytes, mediaType }
    },
  }
}

/** Also used for a file whose declared size shows it before any of it has arrived. */
export const fileTooLarge = (maxBytes: number): ScriptoriumError =>
  new ScriptoriumError(
    'upload_too_large',
    `is larger than SCRIPTORIUM_MAX_FILE_BYTES=${maxBytes} bytes`,
  )
