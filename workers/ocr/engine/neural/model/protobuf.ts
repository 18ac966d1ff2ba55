/** A field of a protobuf message: its number, its wire type, and its value as it is in the file. */
export interface Field {
  number: number
  wire: number
  value: Uint8Array
}

/** Wire types: https://protobuf.dev/programming-guides/encoding. */
export const wires = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Splits a message into its fields. Throws where it is none. */
export function readFields(message: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new Error('the file is no complete protobuf message')
    at += length
    return message.subarray(at - length, at)
  }
  const takeVarint = (): Uint8Array => {
    let end = at
    while ((message[end] ?? 0) >= 128) end += 1
    return take(end + 1 - at)
  }
  while (at < message.length) {
    const key = toNumber(takeVarint())
    const wire = key % 8
    const value =
      wire === wires.varint
        ? takeVarint()
        : take(wire === wires.bytes ? toNumber(takeVarint()) : wire === wires.fixed64 ? 8 : 4)
    fields.push({ number: Math.floor(key / 8), wire, value })
  }
  return fields
}

/** Writes fields as a message: the inverse of `readFields`. */
export const writeFields = (fields: readonly Field[]): Uint8Array =>
  Buffer.concat(
    fields.flatMap(({ number, wire, value }) => [
      toVarint(8 * number + wire),
      ...(wire === wires.bytes ? [toVarint(value.length)] : []),
      value,
    ]),
  )

/** The number of a varint, below 2 ** 53. */
export const toNumber = (varint: Uint8Array): number =>
  varint.reduceRight((sum, byte) => sum * 128 + (byte & 127), 0)

function toVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

export const bytesField = (number: number, value: Uint8Array | string): Field => ({
  number,
  wire: wires.bytes,
  value: typeof value === 'string' ? Buffer.from(value) : value,
})

export const varintField = (number: number, value: number): Field => ({
  number,
  wire: wires.varint,
  value: toVarint(value),
})
