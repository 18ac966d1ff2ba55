import { extname } from 'node:path'
import type { Random } from '../../common/random.ts'
import type { HostileFile } from './hostile-file.ts'

type Mutation = (bytes: Buffer, random: Random, others: readonly HostileFile[]) => Buffer

/** Numbers at the limits of their types: counts, sizes and offsets that a reader may trust. */
const edges = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff,
]

const headerBytes = 256

/** A position in the file; often in its head, where the numbers are. */
function place(bytes: Buffer, random: Random): number {
  const end = random.chance(0.3) ? Math.min(headerBytes, bytes.length) : bytes.length
  return random.integer(0, Math.max(0, end - 1))
}

const mutations: Record<string, Mutation> = {
  truncated: (bytes, random) => bytes.subarray(0, place(bytes, random)),
  flipped(bytes, random) {
    const changed = Buffer.from(bytes)
    const count = 2 ** random.integer(0, 6)
    for (let flip = 0; flip < count; flip += 1) {
      const at = place(changed, random)
      changed[at] = (changed[at] ?? 0) ^ (1 << random.integer(0, 7))
    }
    return changed
  },
  /** Replaces a number of two or four bytes, in either byte order. */
  lying(bytes, random) {
    const changed = Buffer.from(bytes)
    const count = random.integer(1, 4)
    for (let lie = 0; lie < count && changed.length > 8; lie += 1) {
      const at = Math.min(place(changed, random), changed.length - 4)
      const value = random.pick(edges)
      const form = random.integer(0, 3)
      if (form === 0) changed.writeUInt32BE(value, at)
      else if (form === 1) changed.writeUInt32LE(value, at)
      else changed.writeUInt16BE(value & 0xffff, at)
    }
    return changed
  },
  /** Digits in the text of a PDF or a PNM: counts, lengths, references, boxes. */
  'lying in text'(bytes, random) {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/(?<![\d.])\d{1,10}(?![\d.])/g)]
    if (numbers.length === 0) return bytes
    const chosen = random.pick(numbers)
    const value = random.pick(['0', '-1', '1', '65535', '2147483647', '99999999999', '1e9'])
    const end = chosen.index + chosen[0].length
    return Buffer.from(text.slice(0, chosen.index) + value + text.slice(end), 'latin1')
  },
  wiped(bytes, random) {
    const changed = Buffer.from(bytes)
    const at = place(changed, random)
    const end = Math.min(changed.length, at + 2 ** random.integer(2, 12))
    return changed.fill(random.chance(0.5) ? 0 : 0xff, at, end)
  },
  /** Repeats a piece of the file once, or a thousand times. */
  repeated(bytes, random) {
    const at = place(bytes, random)
    const piece = bytes.subarray(at, at + 2 ** random.integer(2, 10))
    const times = random.chance(0.2) ? 1_000 : random.integer(1, 8)
    const copies = Array.from({ length: times }, () => piece)
    return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)])
  },
  removed(bytes, random) {
    const at = place(bytes, random)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 2 ** random.integer(0, 10))])
  },
  /** The head of one format and the body of another. */
  spliced(bytes, random, others) {
    const other = random.pick(others).bytes
    return Buffer.concat([
      bytes.subarray(0, place(bytes, random)),
      other.subarray(place(other, random)),
    ])
  },
  /** Two whole files, one after the other. */
  polyglot: (bytes, random, others) => Buffer.concat([bytes, random.pick(others).bytes]),
  noise(bytes, random) {
    const head = bytes.subarray(0, random.integer(0, 32))
    const rest = Array.from({ length: random.integer(0, 4_000) }, () => random.integer(0, 255))
    return Buffer.concat([head, Buffer.from(rest)])
  },
}

const names = Object.keys(mutations)

/** A sound file with one to three mutations. One in ten has another format's extension. */
export function mutate(random: Random, sound: readonly HostileFile[]): HostileFile {
  const base = random.pick(sound)
  let { bytes } = base
  const kinds: string[] = []
  const count = random.integer(1, 3)
  for (let index = 0; index < count; index += 1) {
    const kind = random.pick(names)
    bytes = mutations[kind]?.(bytes, random, sound) ?? bytes
    kinds.push(kind)
  }
  const extension = extname(random.chance(0.1) ? random.pick(sound).name : base.name)
  return { name: `${base.name.replace('.', '-')}${extension}`, kind: kinds[0] ?? 'sound', bytes }
}
