import { damaged } from '../raster.ts'

/** One field as stored: its values are at `valuesAt`, inside the entry where they are few. */
interface Field {
  type: number
  count: number
  valuesAt: number
  entryAt: number
}

/** One page's directory. */
export interface TiffDirectory {
  fields: ReadonlyMap<number, Field>
  /** Integers and fractions (NaN for other types); empty where the field is missing, or has more than 65 536 values. */
  values(tag: number): number[]
  first(tag: number): number | undefined
  /** A field's values as stored; undefined where it is missing or points outside the file. */
  raw(tag: number): Buffer | undefined
}

export interface TiffFile {
  bytes: Buffer
  isLittle: boolean
  isBig: boolean
  pagesTotal: number
  /**
   * Returns the directory of a page, from 0; undefined beyond the last. Reads it again each time: keeping all
   * directories of a long file would take hundreds of times its size. Throws `corrupt_image` where it points outside
   * the file.
   */
  page(index: number): TiffDirectory | undefined
}

/** Bytes per value by field type: TIFF 6.0, section 2, and BigTIFF's additions. */
const typeBytes: ReadonlyMap<number, number> = new Map([
  ...[1, 2, 6, 7].map((type): [number, number] => [type, 1]),
  ...[3, 8].map((type): [number, number] => [type, 2]),
  ...[4, 9, 11, 13].map((type): [number, number] => [type, 4]),
  ...[5, 10, 12, 16, 17, 18].map((type): [number, number] => [type, 8]),
])
const wholeNumbers: ReadonlySet<number> = new Set([1, 3, 4, 13, 16, 18])
const fraction = 5
const maxFields = 4_096
/** Strips and tiles have the most values: one for each row of the tallest page that writers make. */
const maxValues = 65_536

/** Layout of a directory: its count, its entries, and within an entry its values or their offset. */
export const layoutOf = (isBig: boolean) =>
  isBig
    ? { countBytes: 8, entryBytes: 20, inlineBytes: 8 }
    : { countBytes: 2, entryBytes: 12, inlineBytes: 4 }

type Unsigned = (offset: number, size: number) => number
type Layout = ReturnType<typeof layoutOf>

/**
 * Finds the first `maxPages` directories of a TIFF or BigTIFF file in their order; a chain that comes back to where it was ends
 * there. Only their places are read. Throws `corrupt_image` where the chain leads out of the file, and where directories
 * overlap: a few bytes could be read as millions of entries. So the work is bounded by the file's size.
 */
export function readTiff(bytes: Buffer, maxPages: number): TiffFile {
  const isLittle = bytes[0] === 0x49
  const unsigned = (offset: number, size: number): number => {
    if (offset + size > bytes.length) throw damaged('its directory points outside the file')
    if (size === 8) {
      return Number(isLittle ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset))
    }
    return isLittle ? bytes.readUIntLE(offset, size) : bytes.readUIntBE(offset, size)
  }
  const isBig = unsigned(2, 2) === 43
  const layout = layoutOf(isBig)
  const places = new Set<number>()
  let at = isBig ? unsigned(8, 8) : unsigned(4, 4)
  let walkedBytes = 0
  while (at !== 0 && !places.has(at) && places.size < maxPages) {
    places.add(at)
    const end = entriesEnd(unsigned, layout, at)
    walkedBytes += end - at
    if (walkedBytes > bytes.length) throw damaged('its directories overlap')
    at = unsigned(end, layout.inlineBytes)
  }
  const list = [...places]
  return {
    bytes,
    isLittle,
    isBig,
    pagesTotal: list.length,
    page(index) {
      const place = list[index]
      return place === undefined ? undefined : readDirectory(bytes, unsigned, layout, place)
    },
  }
}

function entriesEnd(unsigned: Unsigned, { countBytes, entryBytes }: Layout, at: number): number {
  const count = unsigned(at, countBytes)
  if (count > maxFields) throw damaged('a directory has too many fields')
  return at + countBytes + entryBytes * count
}

function readDirectory(
  bytes: Buffer,
  unsigned: Unsigned,
  layout: Layout,
  at: number,
): TiffDirectory {
  const { countBytes, entryBytes, inlineBytes } = layout
  const entriesEndAt = entriesEnd(unsigned, layout, at)
  const fields = new Map<number, Field>()
  for (let entryAt = at + countBytes; entryAt < entriesEndAt; entryAt += entryBytes) {
    const type = unsigned(entryAt + 2, 2)
    const count = unsigned(entryAt + 4, inlineBytes)
    const inline = entryAt + 4 + inlineBytes
    const isInline = (typeBytes.get(type) ?? 1) * count <= inlineBytes
    const valuesAt = isInline ? inline : unsigned(inline, inlineBytes)
    fields.set(unsigned(entryAt, 2), { type, count, valuesAt, entryAt })
  }
  const valueAt = ({ type, valuesAt }: Field, index: number): number => {
    const size = typeBytes.get(type) ?? 1
    const offset = valuesAt + size * index
    if (type === fraction) return unsigned(offset, 4) / Math.max(1, unsigned(offset + 4, 4))
    return wholeNumbers.has(type) ? unsigned(offset, size) : Number.NaN
  }
  const values = (tag: number): number[] => {
    const field = fields.get(tag)
    if (field === undefined || field.count > maxValues) return []
    return Array.from({ length: field.count }, (_, index) => valueAt(field, index))
  }
  const first = (tag: number): number | undefined => {
    const field = fields.get(tag)
    return field === undefined || field.count === 0 ? undefined : valueAt(field, 0)
  }
  const raw = (tag: number): Buffer | undefined => {
    const field = fields.get(tag)
    if (field === undefined) return undefined
    const end = field.valuesAt + (typeBytes.get(field.type) ?? 1) * field.count
    return end <= bytes.length ? bytes.subarray(field.valuesAt, end) : undefined
  }
  return { fields, values, first, raw }
}
