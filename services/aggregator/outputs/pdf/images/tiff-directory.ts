/** One image of a TIFF: its tags with their numbers, and where else it has bytes of its own. */
export interface TiffImage {
  /** The numbers of a tag; empty where it is not there. */
  values: (tag: number) => number[]
  /** The bytes of a tag. */
  bytes: (tag: number) => Buffer | undefined
}

interface Field {
  type: number
  count: number
  at: number
}

interface Form {
  bytes: Buffer
  isLittle: boolean
  isBig: boolean
}

const sizes: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  13: 4,
  16: 8,
  18: 8,
}
const mostImages = 100_000

/** The images of a TIFF or BigTIFF in their order, as its directories tell; what is out of bounds is left out. */
export function readTiff(bytes: Buffer): TiffImage[] {
  const isLittle = bytes.toString('latin1', 0, 2) === 'II'
  const isBig = (isLittle ? bytes.readUInt16LE(2) : bytes.readUInt16BE(2)) === 43
  const form = { bytes, isLittle, isBig }
  const images: TiffImage[] = []
  const seen = new Set<number>()
  let at = isBig ? number(form, 8, 8) : number(form, 4, 4)
  while (at > 0 && at < bytes.length && !seen.has(at) && images.length < mostImages) {
    seen.add(at)
    const { fields, next } = readDirectory(form, at)
    images.push({
      values: (tag) => readValues(form, fields.get(tag)),
      bytes: (tag) => readBytes(form, fields.get(tag)),
    })
    at = next
  }
  return images
}

/** An unsigned number; 0 beyond the end. */
function number({ bytes, isLittle }: Form, at: number, size: number): number {
  if (at < 0 || at + size > bytes.length) return 0
  if (size === 8) return Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  return isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size)
}

function readDirectory(form: Form, at: number): { fields: Map<number, Field>; next: number } {
  const [countSize, entrySize, inlineSize] = form.isBig ? [8, 20, 8] : [2, 12, 4]
  const count = Math.min(number(form, at, countSize), 4_096)
  const fields = new Map<number, Field>()
  for (let index = 0; index < count; index++) {
    const entry = at + countSize + index * entrySize
    const type = number(form, entry + 2, 2)
    const length = number(form, entry + 4, inlineSize)
    const value = entry + 4 + inlineSize
    const isInline = length * (sizes[type] ?? 1) <= inlineSize
    fields.set(number(form, entry, 2), {
      type,
      count: length,
      at: isInline ? value : number(form, value, inlineSize),
    })
  }
  return { fields, next: number(form, at + countSize + count * entrySize, form.isBig ? 8 : 4) }
}

function readValues(form: Form, field: Field | undefined): number[] {
  const size = field === undefined ? undefined : sizes[field.type]
  if (field === undefined || size === undefined) return []
  const count = Math.min(field.count, 1_000_000)
  return Array.from({ length: count }, (_, index) => number(form, field.at + index * size, size))
}

function readBytes({ bytes }: Form, field: Field | undefined): Buffer | undefined {
  if (field === undefined || field.at + field.count > bytes.length) return undefined
  return bytes.subarray(field.at, field.at + field.count)
}
