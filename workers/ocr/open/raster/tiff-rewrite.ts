import { layoutOf, type TiffDirectory, type TiffFile } from './tiff-directory.ts'

/** What is changed about a page: new values by tag, null to leave the field out. */
export type TiffChanges = ReadonlyMap<number, readonly number[] | null>

const typeLong = 4
const typeLong8 = 16

/**
 * The same file with `page` as its first directory, changed: libtiff then decodes what it refuses as it stands. `extra` is
 * appended at `file.bytes.length`, for values that point to it.
 */
export function rewriteTiff(
  { bytes, isLittle, isBig }: TiffFile,
  { fields }: TiffDirectory,
  changes: TiffChanges,
  extra: Buffer = Buffer.alloc(0),
): Buffer {
  const layout = layoutOf(isBig)
  const { countBytes, entryBytes, inlineBytes } = layout
  const write = createWriter(isLittle)
  const parts = [Buffer.from(bytes), extra]
  let end = bytes.length + extra.length
  const append = (part: Buffer): number => {
    const at = end
    parts.push(part)
    end += part.length
    return at
  }
  const toEntry = (tag: number): Buffer => {
    const values = changes.get(tag)
    const old = fields.get(tag)
    if (values === undefined || values === null) {
      const entryAt = old?.entryAt ?? 0
      return bytes.subarray(entryAt, entryAt + entryBytes)
    }
    const entry = Buffer.alloc(entryBytes)
    const list = Buffer.concat(values.map((value) => write(value, inlineBytes)))
    write(tag, 2).copy(entry, 0)
    write(isBig ? typeLong8 : typeLong, 2).copy(entry, 2)
    write(values.length, inlineBytes).copy(entry, 4)
    const inline = values.length === 1 ? list : write(append(list), inlineBytes)
    inline.copy(entry, 4 + inlineBytes)
    return entry
  }
  const wanted = [...new Set([...fields.keys(), ...changes.keys()])]
    .filter((tag) => changes.get(tag) !== null)
    .toSorted((a, b) => a - b)
  const entries = wanted.map(toEntry)
  if (end % 2 === 1) append(Buffer.alloc(1))
  const directory = [write(entries.length, countBytes), ...entries, Buffer.alloc(inlineBytes)]
  const at = append(Buffer.concat(directory))
  write(at, inlineBytes).copy(parts[0] ?? Buffer.alloc(0), isBig ? 8 : 4)
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
