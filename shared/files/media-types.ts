import { fileTypeFromBuffer } from 'file-type'
import { ScriptoriumError } from '../process/errors.ts'

/** The file formats that a worker opens; the API accepts no others. */
export const readableTypes = [
  'image/jpeg',
  'image/png',
  'image/tiff',
  'image/webp',
  'image/gif',
  'image/avif',
  'image/bmp',
  'image/x-portable-anymap',
  'image/jp2',
  'application/pdf',
] as const
export type ReadableType = (typeof readableTypes)[number]

/** Number of first bytes that identify a format: as many as file-type reads from a stream. */
export const sniffBytes = 4_100

const cure = 'JPEG, PNG, TIFF, WebP, GIF, AVIF, BMP, PNM, JPEG 2000 and PDF are read'

/**
 * Returns the media type, detected from the content, of a supported file; for a long file its first `sniffBytes`
 * suffice. Throws `unsupported_type`, whose message follows the file's name and gives the format and the cure.
 */
export async function readableTypeOf(bytes: Uint8Array): Promise<ReadableType> {
  const mediaType = await mediaTypeOf(bytes)
  const readable = readableTypes.find((type) => type === mediaType)
  if (readable !== undefined) return readable
  throw new ScriptoriumError('unsupported_type', explain(mediaType))
}

/** Common unsupported formats, and the cure for each. */
const known: readonly (readonly [mediaTypes: RegExp, what: string, remedy: string])[] = [
  [/^image\/hei[cf](-sequence)?$/, 'a HEIC photo', 'export it as JPEG'],
  [/^image\/svg\+xml$/, 'an SVG drawing', 'export it as PNG or PDF'],
  [/^image\/jxl$/, 'a JPEG XL image', 'save it as JPEG or PNG'],
  [/^image\/vnd\.djvu$/, 'a DjVu document', 'convert it to PDF (ddjvu -format=pdf)'],
  [
    /^image\/(vnd\.adobe\.photoshop|x-xcf|x-icon|icns)$/,
    'an image of a program',
    'export it as PNG',
  ],
  [
    /^application\/(vnd\.(openxmlformats|oasis|ms-)|msword|x-cfb|rtf|epub)/,
    'an office document',
    'export it as PDF',
  ],
  [
    /^application\/(zip|gzip|x-(7z|rar|tar|bzip2|xz|lzip|compress|cpio|lzh|apple-diskimage|iso)|vnd\.(rar|ms-cab)|zstd|java-archive)/,
    'an archive',
    'unpack it',
  ],
  [/^(video|audio)\//, 'a recording', 'give its pages as images'],
]

function explain(mediaType: string | undefined): string {
  if (mediaType === undefined) return `is not an image or a PDF; ${cure}`
  const found = known.find(([mediaTypes]) => mediaTypes.test(mediaType))
  if (found === undefined) return `holds ${mediaType}; ${cure}`
  return `is ${found[1]} (${mediaType}), which is not read; ${found[2]}`
}

/** For these, file-type looks beyond the first bytes, and does not recognise a truncated file. */
const signatures = [
  { mediaType: 'image/png', start: Buffer.from('89504e470d0a1a0a', 'hex') },
  { mediaType: 'image/tiff', start: Buffer.from('49492a00', 'hex') },
  { mediaType: 'image/tiff', start: Buffer.from('4d4d002a', 'hex') },
  { mediaType: 'image/tiff', start: Buffer.from('49492b00', 'hex') },
  { mediaType: 'image/tiff', start: Buffer.from('4d4d002b', 'hex') },
  { mediaType: 'image/bmp', start: Buffer.from('424d', 'hex') },
]

/** Names of JPEG 2000 formats, and media types that file-type names differently. An animated PNG begins with an image. */
const synonyms: Readonly<Record<string, string>> = {
  'image/apng': 'image/png',
  'image/j2c': 'image/jp2',
  'image/jpx': 'image/jp2',
  'image/jpm': 'image/jp2',
}

/** Up to this many other bytes may precede a PDF's header (ISO 32000-1, annex H). */
const pdfHeaderWithin = 1_024

async function mediaTypeOf(bytes: Uint8Array): Promise<string | undefined> {
  const found = (await fileTypeFromBuffer(bytes))?.mime
  if (found !== undefined && found !== 'application/xml') return synonyms[found] ?? found
  const signed = signatures.find(({ start }) => start.equals(bytes.subarray(0, start.length)))
  return signed?.mediaType ?? textTypeOf(Buffer.from(bytes.subarray(0, pdfHeaderWithin))) ?? found
}

/** Formats that begin with text. */
function textTypeOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1')
  if (/^P[1-7][\s#]/.test(text)) return 'image/x-portable-anymap'
  if (text.includes('%PDF-')) return 'application/pdf'
  return /<svg[\s>]/i.test(text) ? 'image/svg+xml' : undefined
}
