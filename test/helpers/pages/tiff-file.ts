/** One page of a TIFF file that is made here: values by tag, and the strips as they are stored. */
export interface TiffPageSource {
  fields: Readonly<Record<number, number | readonly number[] | { fraction: number }>>
  strips: readonly Buffer[]
}

const [typeShort, typeLong, typeFraction] = [3, 4, 5]

/** Writes a little-endian TIFF file: for each page its strips, its long values, and its directory. */
export function tiffOf(pages: readonly TiffPageSource[]): Buffer {
  const parts: Buffer[] = [Buffer.from('49492a0000000000', 'hex')]
  let length = 8
  const append = (part: Buffer): number => {
    const padded = part.length % 2 === 0 ? part : Buffer.concat([part, Buffer.alloc(1)])
    parts.push(padded)
    length += padded.length
    return length - padded.length
  }
  let link: { buffer: Buffer; at: number } = { buffer: parts[0] ?? Buffer.alloc(8), at: 4 }
  for (const { fields, strips } of pages) {
    const offsets = strips.map(append)
    const all = new Map(Object.entries(fields).map(([tag, value]) => [Number(tag), value]))
    all.set(273, offsets)
    all.set(
      279,
      strips.map((strip) => strip.length),
    )
    const entries = [...all]
      .toSorted(([one], [other]) => one - other)
      .map(([tag, value]) => entryOf(tag, value, append))
    const count = Buffer.alloc(2)
    count.writeUInt16LE(entries.length)
    const next = Buffer.alloc(4)
    const directory = Buffer.concat([count, ...entries])
    link.buffer.writeUInt32LE(append(directory), link.at)
    // An entry is 12 bytes, so the link follows at once.
    append(next)
    link = { buffer: parts.at(-1) ?? next, at: 0 }
  }
  return Buffer.concat(parts)
}

function entryOf(
  tag: number,
  value: number | readonly number[] | { fraction: number },
  append: (part: Buffer) => number,
): Buffer {
  const entry = Buffer.alloc(12)
  entry.writeUInt16LE(tag, 0)
  if (typeof value === 'object' && 'fraction' in value) {
    const fraction = Buffer.alloc(8)
    fraction.writeUInt32LE(Math.round(value.fraction * 100), 0)
    fraction.writeUInt32LE(100, 4)
    entry.writeUInt16LE(typeFraction, 2)
    entry.writeUInt32LE(1, 4)
    entry.writeUInt32LE(append(fraction), 8)
    return entry
  }
  const values = typeof value === 'number' ? [value] : value
  const isLong = tag === 273 || tag === 279 || values.some((each) => each > 65_535)
  const bytes = isLong ? 4 : 2
  const list = Buffer.alloc(Math.max(4, bytes * values.length))
  values.forEach((each, index) => list.writeUIntLE(each, index * bytes, bytes))
  entry.writeUInt16LE(isLong ? typeLong : typeShort, 2)
  entry.writeUInt32LE(values.length, 4)
  if (list.length === 4) list.copy(entry, 8)
  else entry.writeUInt32LE(append(list), 8)
  return entry
}
