import { damaged } from '../raster.ts'
import { layoutOf, type TiffDirectory, type TiffFile } from './tiff-directory.ts'
import { tags } from './tiff-tags.ts'

/** Changes to a page's directory: new values by tag; without values the field is dropped. */
export type TiffChanges = ReadonlyMap<number, readonly number[]>

const typeLong = 4
const typeLong8 = 16

/**
 * Whether a decoder needs a field: one of TIFF 6.0 and its supplements, or the colour profile. All others are dropped: libtiff sorts its list of known fields for each one that it
 * does not know (4 000 of them: 0.9 s), and pointers to nested directories (SubIFDs, Exif) would refer to old offsets.
 */
const isDecoded = (tag: number): boolean =>
  tag === tags.colourProfile ||
  (tag >= tags.newSubfileType && tag <= tags.referenceBlackWhite && tag !== tags.subDirectories)

/**
 * Returns the strips or tiles of a page, still compressed. Throws `corrupt_image` where they are too many, or larger
 * than the file.
 */
export function stripsOf(tiff: TiffFile, directory: TiffDirectory): Buffer[] {
  const strips = soundStrips(tiff, directory)
  if (typeof strips === 'string') throw damaged(strips)
  return strips
}

/** The same; returns the reason where there are none. */
export function soundStrips({ bytes }: TiffFile, directory: TiffDirectory): Buffer[] | string {
  const { offsetTag, countTag } = placesOf(directory)
  const offsets = directory.values(offsetTag)
  const counts = directory.values(countTag)
  if (offsets.length < (directory.fields.get(offsetTag)?.count ?? 0))
    return 'it has too many strips'
  // Old programs omit the count where there is one strip.
  if (counts.length < offsets.length && offsets.length > 1) return 'its strips have no size'
  const strips = offsets.map((offset, index) =>
    bytes.subarray(offset, offset + (counts[index] ?? bytes.length)),
  )
  return bytesOf(strips) > bytes.length ? 'its strips overlap' : strips
}

const bytesOf = (parts: readonly Buffer[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0)

const placesOf = ({ fields }: TiffDirectory) =>
  fields.has(tags.tileOffsets)
    ? { offsetTag: tags.tileOffsets, countTag: tags.tileByteCounts }
    : { offsetTag: tags.stripOffsets, countTag: tags.stripByteCounts }

/**
 * Returns a file with only this page: changed, and with `strips` in place of its own. Without `strips` it is the whole
 * file with another directory, so that they keep their offsets. Throws `corrupt_image`. Own code:
 * libraries write TIFF files only from decoded pixels.
 */
export function rewriteTiff(
  { bytes, isLittle, isBig }: TiffFile,
  directory: TiffDirectory,
  changes: TiffChanges,
  strips?: readonly Buffer[],
): Buffer {
  const { countBytes, entryBytes, inlineBytes } = layoutOf(isBig)
  const write = createWriter(isLittle)
  const head = Buffer.from(strips === undefined ? bytes : bytes.subarray(0, 2 * inlineBytes))
  const parts: Buffer[] = [head]
  let end = head.length
  const append = (part: Buffer): number => {
    const at = end
    parts.push(part)
    end += part.length
    return at
  }
  const toNewEntry = (tag: number, values: readonly number[]): Buffer => {
    const list = Buffer.alloc(inlineBytes * values.length)
    values.forEach((value, index) => write(value, inlineBytes, list, inlineBytes * index))
    return Buffer.concat([
      write(tag, 2),
      write(isBig ? typeLong8 : typeLong, 2),
      write(values.length, inlineBytes),
      values.length === 1 ? list : write(append(list), inlineBytes),
    ])
  }
  const toOldEntry = (tag: number): Buffer[] => {
    const [field, values] = [directory.fields.get(tag), directory.raw(tag)]
    if (field === undefined || values === undefined || !isDecoded(tag)) return []
    const entry = Buffer.from(bytes.subarray(field.entryAt, field.entryAt + entryBytes))
    const isInline = field.valuesAt < field.entryAt + entryBytes && field.valuesAt > field.entryAt
    if (!isInline) write(append(values), inlineBytes).copy(entry, 4 + inlineBytes)
    if (end > 2 * bytes.length + bytesOf(strips ?? [])) throw damaged('its fields overlap')
    return [entry]
  }
  const { offsetTag, countTag } = placesOf(directory)
  const all: TiffChanges = new Map([
    ...changes,
    ...(strips === undefined
      ? []
      : ([
          [offsetTag, strips.map(append)],
          [countTag, strips.map(({ length }) => length)],
        ] as const)),
  ])
  const wanted = [...new Set([...directory.fields.keys(), ...all.keys()])].toSorted((a, b) => a - b)
  const entries = wanted.flatMap((tag) => {
    const values = all.get(tag)
    if (values === undefined) return toOldEntry(tag)
    return values.length === 0 ? [] : [toNewEntry(tag, values)]
  })
  if (end % 2 === 1) append(Buffer.alloc(1))
  write(end, inlineBytes, head, inlineBytes)
  append(Buffer.concat([write(entries.length, countBytes), ...entries, Buffer.alloc(inlineBytes)]))
  return Buffer.concat(parts)
}

/** Writes a number at `at`, or into a new buffer if none is given. */
function createWriter(isLittle: boolean) {
  return (value: number, size: number, buffer = Buffer.alloc(size), at = 0): Buffer => {
    if (size === 8) {
      if (isLittle) buffer.writeBigUInt64LE(BigInt(value), at)
      else buffer.writeBigUInt64BE(BigInt(value), at)
    } else if (isLittle) buffer.writeUIntLE(value, at, size)
    else buffer.writeUIntBE(value, at, size)
    return buffer
  }
}
