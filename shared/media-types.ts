import { fileTypeFromBuffer } from 'file-type'
import { ScriptoriumError } from './errors.ts'

/** The kinds of file that a worker opens; the API takes in no others. */
const readable = new Set([
  'image/jpeg',
  'image/png',
  'image/tiff',
  'image/webp',
  'image/gif',
  'image/avif',
])

/** As many first bytes of a file as tell its kind: what file-type itself takes of a stream. */
export const sniffBytes = 4_100

/**
 * The media type by content, of a file that can be read; of a long one its first `sniffBytes` are enough.
 * Throws `unsupported_type`, whose message goes after the file's name.
 */
export async function readableTypeOf(bytes: Uint8Array): Promise<string> {
  const mediaType = await mediaTypeOf(bytes)
  if (mediaType !== undefined && readable.has(mediaType)) return mediaType
  const what = mediaType === undefined ? 'is not an image' : `holds ${mediaType}`
  throw new ScriptoriumError(
    'unsupported_type',
    `${what}; JPEG, PNG, TIFF, WebP, GIF and AVIF are read`,
  )
}

/** file-type looks further into these than their first bytes, and does not know one that is cut off. */
const signatures = [
  { mediaType: 'image/png', start: Buffer.from('89504e470d0a1a0a', 'hex') },
  { mediaType: 'image/tiff', start: Buffer.from('49492a00', 'hex') },
  { mediaType: 'image/tiff', start: Buffer.from('4d4d002a', 'hex') },
]

async function mediaTypeOf(bytes: Uint8Array): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(bytes)
  if (found !== undefined) return found.mime
  return signatures.find(({ start }) => start.equals(bytes.subarray(0, start.length)))?.mediaType
}
