import { tags } from '../../../../../shared/raster/tiff/tiff-tags.ts'

export interface TiffForm {
  isBig: boolean
  isLittle: boolean
}

/**
 * A field of 16-bit (3) or 32-bit (4) numbers. If they do not fit into its entry, they are stored at `at`, else at the
 * end.
 */
export interface TiffField {
  tag: number
  type: 3 | 4
  values: readonly number[]
  /** The count in the entry, in place of the real one. */
  count?: number
  at?: number
}

const typeBytes = { 3: 2, 4: 4 } as const

/** Writes a TIFF part by part, in any order and with any false value. */
export function createTiffWriter({ isBig, isLittle }: TiffForm) {
  const offsetBytes = isBig ? 8 : 4
  const number = (value: number, size: number): Buffer => {
    const buffer = Buffer.alloc(size)
    if (size === 8) buffer.writeBigUInt64LE(BigInt(value))
    else buffer.writeUIntLE(value, 0, size)
    return isLittle ? buffer : Buffer.from(buffer.toReversed())
  }
  const magic = [number(isLittle ? 0x4949 : 0x4d4d, 2), number(isBig ? 43 : 42, 2)]
  const head = Buffer.concat([
    ...magic,
    ...(isBig ? [number(8, 2), number(0, 2)] : []),
    number(0, offsetBytes),
  ])
  const parts: Buffer[] = [head]
  let length = head.length
  const add = (part: Buffer): number => {
    parts.push(part)
    length += part.length
    return length - part.length
  }
  const entryOf = ({ tag, type, values, count = values.length, at }: TiffField): Buffer => {
    const list = Buffer.concat(values.map((value) => number(value, typeBytes[type])))
    const inline = Buffer.alloc(offsetBytes)
    if (at === undefined && list.length <= offsetBytes) list.copy(inline)
    else number(at ?? add(list), offsetBytes).copy(inline)
    return Buffer.concat([number(tag, 2), number(type, 2), number(count, offsetBytes), inline])
  }
  return {
    add,
    number,
    length: () => length,
    /** Returns its offset. `next` is the directory that follows; `count` the announced number of entries. */
    directory(fields: readonly TiffField[], next: number, count = fields.length): number {
      const entries = fields.toSorted((a, b) => a.tag - b.tag).map(entryOf)
      const size = number(count, isBig ? 8 : 2)
      return add(Buffer.concat([size, ...entries, number(next, offsetBytes)]))
    },
    finish(first: number): Buffer {
      number(first, offsetBytes).copy(head, offsetBytes)
      return Buffer.concat(parts)
    },
  }
}

/** A field with one 32-bit number. */
export const field = (tag: number, value: number): TiffField => ({ tag, type: 4, values: [value] })

/** A grey page of 8 bits without compression, in one strip at `strip`. */
export function greyPage(width: number, height: number, strip: number): TiffField[] {
  return [
    field(tags.width, width),
    field(tags.height, height),
    { tag: tags.bitsPerSample, type: 3, values: [8] },
    { tag: tags.compression, type: 3, values: [1] },
    { tag: tags.photometric, type: 3, values: [1] },
    field(tags.stripOffsets, strip),
    { tag: tags.samplesPerPixel, type: 3, values: [1] },
    field(tags.rowsPerStrip, height),
    field(tags.stripByteCounts, width * height),
  ]
}
