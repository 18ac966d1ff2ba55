import { damaged } from './raster.ts'

/** One field as it is written: its values lie at `valuesAt`, inside the entry where they are few. */
interface Field {
  type: number
  count: number
  valuesAt: number
  entryAt: number
}

/** One page's directory. */
export interface TiffDirectory {
  fields: ReadonlyMap<number, Field>
  /** Whole numbers and fractions; empty where the field is missing, or has values of another kind. */
  values(tag: number): number[]
  first(tag: number): number | undefined
  /** A field's values as they are written; undefined where it is missing or leads out of the file. */
  raw(tag: number): Buffer | undefined
}

export interface TiffFile {
  bytes: Buffer
  isLittle: boolean
  isBig: boolean
  directories: TiffDirectory[]
}

export const tags = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  sampleFormat: 339,
  jpegOffset: 513,
  jpegLength: 514,
} as const

/** Bytes of a value by field type: TIFF 6.0, section 2, and what BigTIFF adds. */
const typeBytes: ReadonlyMap<number, number> = new Map([
  ...[1, 2, 6, 7].map((type): [number, number] => [type, 1]),
  ...[3, 8].map((type): [number, number] => [type, 2]),
  ...[4, 9, 11, 13].map((type): [number, number] => [type, 4]),
  ...[5, 10, 12, 16, 17, 18].map((type): [number, number] => [type, 8]),
])
const wholeNumbers: ReadonlySet<number> = new Set([1, 3, 4, 13, 16, 18])
const fraction = 5
const maxFields = 4_096
const maxValues = 1_000_000

/** Where the parts of a directory lie: its count, its entries, what of an entry holds values or where they are. */
export const layoutOf = (isBig: boolean) =>
  isBig
    ? { countBytes: 8, entryBytes: 20, inlineBytes: 8 }
    : { countBytes: 2, entryBytes: 12, inlineBytes: 4 }

/**
 * The first `most` directories of a TIFF or BigTIFF file in their order; a chain that comes back to where it was ends
 * there. Nothing is decoded. Throws `corrupt_image` where it leads out of the file.
 */
export function readTiff(bytes: Buffer, most: number): TiffFile {
  const isLittle = bytes[0] === 0x49
  const unsigned = (offset: number, size: number): number => {
    if (offset + size > bytes.length) throw damaged('its directory leads out of the file')
    if (size === 8) {
      return Number(isLittle ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset))
    }
    return isLittle ? bytes.readUIntLE(offset, size) : bytes.readUIntBE(offset, size)
  }
  const isBig = unsigned(2, 2) === 43
  const layout = layoutOf(isBig)
  const directories: TiffDirectory[] = []
  const seen = new Set<number>()
  let at = isBig ? unsigned(8, 8) : unsigned(4, 4)
  while (at !== 0 && !seen.has(at) && directories.length < most) {
    seen.add(at)
    const { directory, end } = readDirectory(bytes, unsigned, layout, at)
    directories.push(directory)
    at = unsigned(end, layout.inlineBytes)
  }
  return { bytes, isLittle, isBig, directories }
}

function readDirectory(
  bytes: Buffer,
  unsigned: (offset: number, size: number) => number,
  { countBytes, entryBytes, inlineBytes }: ReturnType<typeof layoutOf>,
  at: number,
): { directory: TiffDirectory; end: number } {
  const count = unsigned(at, countBytes)
  if (count > maxFields) throw damaged('a directory of too many fields')
  const fields = new Map<number, Field>()
  for (let index = 0; index < count; index += 1) {
    const entryAt = at + countBytes + entryBytes * index
    const type = unsigned(entryAt + 2, 2)
    const length = unsigned(entryAt + 4, inlineBytes)
    const inline = entryAt + 4 + inlineBytes
    const isInline = (typeBytes.get(type) ?? 1) * length <= inlineBytes
    const valuesAt = isInline ? inline : unsigned(inline, inlineBytes)
    fields.set(unsigned(entryAt, 2), { type, count: length, valuesAt, entryAt })
  }
  const values = (tag: number): number[] => {
    const field = fields.get(tag)
    if (field === undefined || field.count > maxValues) return []
    const { type, valuesAt } = field
    const size = typeBytes.get(type) ?? 1
    return Array.from({ length: field.count }, (_, index) => {
      const offset = valuesAt + size * index
      if (type === fraction) return unsigned(offset, 4) / Math.max(1, unsigned(offset + 4, 4))
      return wholeNumbers.has(type) ? unsigned(offset, size) : Number.NaN
    })
  }
  const raw = (tag: number): Buffer | undefined => {
    const field = fields.get(tag)
    if (field === undefined) return undefined
    const end = field.valuesAt + (typeBytes.get(field.type) ?? 1) * field.count
    return end <= bytes.length ? bytes.subarray(field.valuesAt, end) : undefined
  }
  const first = (tag: number): number | undefined => values(tag)[0]
  return { directory: { fields, values, first, raw }, end: at + countBytes + entryBytes * count }
}
