import { damaged } from './raster.ts'
import { layoutOf, tags, type TiffDirectory, type TiffFile } from './tiff-directory.ts'

/** What is changed about a page: new values by tag. */
export type TiffChanges = ReadonlyMap<number, readonly number[]>

const typeLong = 4
const typeLong8 = 16
/** SubIFDs, Exif, GPS, interoperability: they point to where the file was. */
const pointers: ReadonlySet<number> = new Set([330, 34_665, 34_853, 40_965])

/** The strips or tiles of a page, still compressed. Throws `corrupt_image` where they are more than the file. */
export function stripsOf({ bytes }: TiffFile, directory: TiffDirectory): Buffer[] {
  const { offsetTag, countTag } = placesOf(directory)
  const offsets = directory.values(offsetTag)
  const counts = directory.values(countTag)
  // Programs of old leave the count out where there is one strip.
  if (counts.length < offsets.length && offsets.length > 1) throw damaged('its strips have no size')
  const strips = offsets.map((offset, index) =>
    bytes.subarray(offset, offset + (counts[index] ?? bytes.length)),
  )
  if (bytesOf(strips) > bytes.length) throw damaged('its strips overlap')
  return strips
}

const bytesOf = (parts: readonly Buffer[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0)

const placesOf = ({ fields }: TiffDirectory) =>
  fields.has(tags.tileOffsets)
    ? { offsetTag: tags.tileOffsets, countTag: tags.tileByteCounts }
    : { offsetTag: tags.stripOffsets, countTag: tags.stripByteCounts }

/** A file of nothing but this page: changed, and with `strips` for its own. Throws `corrupt_image`. */
export function rewriteTiff(
  { bytes, isLittle, isBig }: TiffFile,
  directory: TiffDirectory,
  changes: TiffChanges,
  strips: readonly Buffer[],
): Buffer {
  const { countBytes, entryBytes, inlineBytes } = layoutOf(isBig)
  const write = createWriter(isLittle)
  const head = Buffer.from(bytes.subarray(0, isBig ? 16 : 8))
  const parts: Buffer[] = [head]
  let end = head.length
  const append = (part: Buffer): number => {
    const at = end
    parts.push(part)
    end += part.length
    return at
  }
  const toNewEntry = (tag: number, values: readonly number[]): Buffer => {
    const list = Buffer.concat(values.map((value) => write(value, inlineBytes)))
    return Buffer.concat([
      write(tag, 2),
      write(isBig ? typeLong8 : typeLong, 2),
      write(values.length, inlineBytes),
      values.length === 1 ? list : write(append(list), inlineBytes),
    ])
  }
  const toOldEntry = (tag: number): Buffer[] => {
    const [field, values] = [directory.fields.get(tag), directory.raw(tag)]
    if (field === undefined || values === undefined || pointers.has(tag)) return []
    const entry = Buffer.from(bytes.subarray(field.entryAt, field.entryAt + entryBytes))
    const isInline = field.valuesAt < field.entryAt + entryBytes && field.valuesAt > field.entryAt
    if (!isInline) write(append(values), inlineBytes).copy(entry, 4 + inlineBytes)
    if (end > 2 * bytes.length + bytesOf(strips)) throw damaged('its fields overlap')
    return [entry]
  }
  const { offsetTag, countTag } = placesOf(directory)
  const all: TiffChanges = new Map([
    ...changes,
    [offsetTag, strips.map(append)],
    [countTag, strips.map(({ length }) => length)],
  ])
  const wanted = [...new Set([...directory.fields.keys(), ...all.keys()])].toSorted((a, b) => a - b)
  const entries = wanted.flatMap((tag) => {
    const values = all.get(tag)
    return values === undefined ? toOldEntry(tag) : [toNewEntry(tag, values)]
  })
  if (end % 2 === 1) append(Buffer.alloc(1))
  write(end, inlineBytes).copy(head, head.length - inlineBytes)
  append(Buffer.concat([write(entries.length, countBytes), ...entries, Buffer.alloc(inlineBytes)]))
  return Buffer.concat(parts)
}

function createWriter(isLittle: boolean) {
  return (value: number, size: number): Buffer => {
    const buffer = Buffer.alloc(size)
    if (size === 8) {
      if (isLittle) buffer.writeBigUInt64LE(BigInt(value))
      else buffer.writeBigUInt64BE(BigInt(value))
    } else if (isLittle) buffer.writeUIntLE(value, 0, size)
    else buffer.writeUIntBE(value, 0, size)
    return buffer
  }
}
