import { Readable } from 'node:stream'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { uploadName } from './name.ts'
import { newUploads, takeFile, type Intake, type Uploads } from './uploads.ts'

/** Characters decoded at a time; whole groups of four. */
const sliceLength = 64 * 1024

interface Base64Source {
  data: string
  name?: string | undefined
}

/** Receives a file that was sent as base64 (RFC 4648, padded, nothing between). Throws `malformed_request` where it is not. */
export async function readBase64(
  source: Base64Source,
  { store, room, limits }: Intake,
  holder: string,
): Promise<Uploads> {
  const uploads = newUploads()
  const name = uploadName(source.name)
  const stream = Readable.from(decode(source.data), { objectMode: false })
  const maxBytes = limits.maxFileBytes
  const reserved = await room.reserve(holder, Math.min(maxBytes, source.data.length))
  try {
    const incoming = { name, maxBytes, onBytes: reserved.giveBack }
    await takeFile(uploads, name, () => store.receive(stream, incoming))
    return uploads
  } finally {
    reserved.release()
    stream.destroy()
  }
}

function* decode(text: string): Generator<Buffer> {
  for (let start = 0; start < text.length; start += sliceLength) {
    const slice = text.slice(start, start + sliceLength)
    const bytes = Buffer.from(slice, 'base64')
    const isLast = start + slice.length === text.length
    // Buffer skips characters that are not base64; only content that encodes to the same text is valid.
    if (bytes.toString('base64') !== slice || (!isLast && slice.endsWith('='))) {
      throw new ScriptoriumError(
        'malformed_request',
        'source.data must be base64 (RFC 4648), padded and without line breaks',
      )
    }
    yield bytes
  }
}
