import { fittingProfile, type Colour, type Picture } from '../../decoder/picture.ts'

interface Chunk {
  type: string
  data: Buffer
}

const [grey, rgb, indexed] = [0, 2, 3]

/**
 * A PNG's compressed data unchanged: PDF has the same predictors. Undefined where a PDF cannot hold them: interlaced,
 * or with transparency, which PDF stores separately.
 */
export function readPng(bytes: Uint8Array, profile?: Uint8Array): Picture | undefined {
  const chunks = readChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const header = chunks.find(({ type }) => type === 'IHDR')?.data
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)
  if (header === undefined || header.length < 13 || data.length === 0) return undefined
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [bits = 0, type = 0, , , interlaced] = header.subarray(8)
  const isTransparent = chunks.some((chunk) => chunk.type === 'tRNS')
  if (interlaced !== 0 || isTransparent || width === 0 || height === 0) return undefined
  const colour = colourOf(type, chunks, profile)
  if (colour === undefined) return undefined
  const predictor = `/Predictor 15/Colors ${type === rgb ? 3 : 1}/BitsPerComponent ${bits}/Columns ${width}`
  const entries = `/Filter/FlateDecode/DecodeParms<<${predictor}>>`
  return { width, height, colour, bits, entries, data }
}

function colourOf(
  type: number,
  chunks: readonly Chunk[],
  profile?: Uint8Array,
): Colour | undefined {
  switch (type) {
    case grey:
      return { kind: 'grey', ...fittingProfile('grey', profile) }
    case rgb:
      return { kind: 'rgb', ...fittingProfile('rgb', profile) }
    case indexed: {
      const palette = chunks.find((chunk) => chunk.type === 'PLTE')?.data
      if (palette === undefined || palette.length < 3) return undefined
      return { kind: 'indexed', palette, ...fittingProfile('rgb', profile) }
    }
    default:
      return undefined
  }
}

const wanted: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT'])
/** Half a gigabyte in libpng's chunk size. A file of empty chunks would need ten times its size. */
const maxChunks = 65_536

/** The relevant chunks up to the end, or up to the truncation. */
function readChunks(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'IEND' || at + 12 + length > bytes.length) return chunks
    if (chunks.length > maxChunks) return []
    if (wanted.has(type)) chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length) })
    at += 12 + length
  }
  return chunks
}
