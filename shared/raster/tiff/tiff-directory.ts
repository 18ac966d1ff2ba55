import { damaged } from '../raster.ts'
import { tags } from './tiff-tags.ts'

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
  /** Of all directories, those that are pages: copies in a lower resolution and masks are none. */
  pagesTotal: number
  directoriesTotal: number
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
 * Finds the first `maxPages` pages of a TIFF or BigTIFF file in their order; a chain that comes back to where it was ends
 * there. Only their places are read. Throws `corrupt_image` where the chain leads out of the file, and where directories
 * overlap: a few bytes could be read as millions of entries. So the work is bounded by the file's size. Own code:
 * `utif2` reads the fields of all pages at once.
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
  const kinds: Kind[] = []
  let pages = 0
  let at = isBig ? unsigned(8, 8) : unsigned(4, 4)
  let walkedBytes = 0
  const maxDirectories = copiesPerPage * maxPages
  while (at !== 0 && !places.has(at) && pages < maxPages && places.size < maxDirectories) {
    places.add(at)
    const end = entriesEnd(unsigned, layout, at)
    walkedBytes += end - at
    if (walkedBytes > bytes.length) throw damaged('its directories overlap')
    const kind = readKind(unsigned, layout, at)
    kinds.push(kind)
    if (!kind.isCopy) pages += 1
    at = unsigned(end, layout.inlineBytes)
  }
  const isKept = pagesAmong(kinds)
  const list = [...places].filter((_, index) => isKept[index]).slice(0, maxPages)
  return {
    bytes,
    isLittle,
    isBig,
    pagesTotal: list.length,
    directoriesTotal: places.size,
    page(index) {
      const place = list[index]
      return place === undefined ? undefined : readDirectory(bytes, unsigned, layout, place)
    },
  }
}

/** A pyramid of the largest picture that a file may hold has fewer copies of each page. */
const copiesPerPage = 16

/** A directory by its kind and the size of its picture, pixels. */
interface Kind {
  isCopy: boolean
  isMask: boolean
  width: number
  height: number
}

const [reducedCopy, transparencyMask] = [1, 4]
const oldReducedCopy = 2

function readKind(unsigned: Unsigned, layout: Layout, at: number): Kind {
  const { countBytes, entryBytes, inlineBytes } = layout
  const end = entriesEnd(unsigned, layout, at)
  const found = new Map<number, number>()
  for (let entryAt = at + countBytes; entryAt < end; entryAt += entryBytes) {
    const tag = unsigned(entryAt, 2)
    if (tag > tags.height) break // They are sorted.
    const size = Math.min(4, typeBytes.get(unsigned(entryAt + 2, 2)) ?? 1)
    found.set(tag, unsigned(entryAt + 4 + inlineBytes, size))
  }
  const kind = found.get(tags.newSubfileType) ?? 0
  const isMask = (kind & transparencyMask) !== 0
  const isReduced = (kind & reducedCopy) !== 0 || found.get(tags.subfileType) === oldReducedCopy
  const [width = 0, height = 0] = [found.get(tags.width), found.get(tags.height)]
  return { isCopy: isReduced || isMask, isMask, width, height }
}

/** Rounding a side of a thumbnail changes the ratio of its sides by a few percent. */
const maxRatio = 1.1

/**
 * Tells which directories are pages. Some programs mark every page as a copy, so a copy needs a larger page of the same
 * form: the last one before it (pyramids), or the first one after it (thumbnails).
 */
function pagesAmong(kinds: readonly Kind[]): boolean[] {
  const before = pagesBefore(kinds)
  const after = pagesBefore(kinds.toReversed()).toReversed()
  return kinds.map((kind, index) => {
    const near = [before[index], after[index]].filter((page) => page !== undefined)
    return !kind.isCopy || !near.some((page) => kind.isMask || isCopyOf(kind, page))
  })
}

/** For each directory the last one before it that is no copy. */
function pagesBefore(kinds: readonly Kind[]): (Kind | undefined)[] {
  let last: Kind | undefined
  return kinds.map((kind) => {
    const before = last
    if (!kind.isCopy) last = kind
    return before
  })
}

function isCopyOf(copy: Kind, page: Kind): boolean {
  if (copy.width > page.width || copy.height > page.height || copy.width < 1 || copy.height < 1)
    return false
  const ratio = (copy.width * page.height) / (copy.height * page.width)
  return ratio <= maxRatio && ratio >= 1 / maxRatio
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
