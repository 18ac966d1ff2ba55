import { deflateSync } from 'node:zlib'
import type { Chunk } from '../format.ts'

/** Where new objects go that are appended to a PDF. */
export interface Base {
  /** Bytes of the file before. */
  length: number
  /** The first object number that is free. */
  nextNumber: number
  /** Where its last cross-reference section begins. */
  startXref: number
  /** Whether that is a stream: what is appended must have the same form. */
  hasXrefStream: boolean
}

/** Entries of a trailer, as PDF text. */
export interface Trailer {
  root: string
  info?: string
  id?: string
}

interface Entry {
  number: number
  generation: number
  offset: number
}

/**
 * Builds a PDF piece by piece: what each call returns is to be written in the order of the calls. Nothing is kept but
 * where the objects lie. PDF libraries keep the whole file.
 */
export function createPdfFile(base?: Base) {
  const entries: Entry[] = []
  let next = base?.nextNumber ?? 1
  let position = base?.length ?? 0

  const emit = (...parts: Chunk[]): Buffer[] => {
    const pieces = parts.map((part) =>
      typeof part === 'string'
        ? Buffer.from(part, 'latin1')
        : Buffer.from(part.buffer, part.byteOffset, part.byteLength),
    )
    for (const { length } of pieces) position += length
    return pieces
  }
  const begin = (number: number, generation: number): string => {
    entries.push({ number, generation, offset: position })
    return `${number} ${generation} obj\n`
  }

  return {
    /** The number of an object that is written later, or at once. */
    allocate: (): number => next++,
    /** The first of so many numbers in a row. */
    reserve(count: number): number {
      next += count
      return next - count
    },
    nextNumber: (): number => next,
    header: (): Buffer[] => emit('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n'),
    /** An object that is no stream. `body` is PDF text, a character a byte. */
    object: (number: number, body: string, generation = 0): Buffer[] =>
      emit(begin(number, generation), body, '\nendobj\n'),
    /** `dictionary` is all of it but `/Length`, without its brackets. */
    stream(number: number, dictionary: string, data: readonly Uint8Array[]): Buffer[] {
      const length = data.reduce((sum, piece) => sum + piece.length, 0)
      const head = `${begin(number, 0)}<<${dictionary}/Length ${length}>>\nstream\n`
      return emit(head, ...data, '\nendstream\nendobj\n')
    },
    /** A stream whose dictionary has everything, its length too. */
    rawStream: (number: number, dictionary: string, data: Uint8Array): Buffer[] =>
      emit(begin(number, 0), dictionary, '\nstream\n', data, '\nendstream\nendobj\n'),
    /** A stream that is deflated here. */
    deflated(number: number, dictionary: string, data: string | Uint8Array): Buffer[] {
      const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
      return this.stream(number, `${dictionary}/Filter/FlateDecode`, [deflateSync(bytes)])
    },
    /** The cross-references and the trailer. */
    finish(trailer: Trailer): Buffer[] {
      const number = base?.hasXrefStream === true ? next++ : undefined
      const start = position
      if (number !== undefined) entries.push({ number, generation: 0, offset: start })
      const dictionary = toTrailer(trailer, next, base)
      const end = `startxref\n${start}\n%%EOF\n`
      if (number === undefined) {
        const table = toTable(entries, base === undefined)
        return emit(`xref\n${table}trailer\n<<${dictionary}>>\n${end}`)
      }
      const { index, data } = toStream(entries)
      const head = `${number} 0 obj\n<<${dictionary}/Type/XRef/W[1 5 2]/Index[${index}]/Length ${data.length}>>\nstream\n`
      return emit(head, data, `\nendstream\nendobj\n${end}`)
    },
    /** Lets a file that ends without a line feed be appended to. */
    separator: (): Buffer[] => emit('\n'),
  }
}

export type PdfFile = ReturnType<typeof createPdfFile>

function toTrailer({ root, info, id }: Trailer, size: number, base?: Base): string {
  const entries = { Root: root, Info: info, ID: id, Prev: base?.startXref }
  const given = Object.entries(entries).filter(([, value]) => value !== undefined)
  return `/Size ${size}${given.map(([name, value]) => `/${name} ${value}`).join('')}`
}

/** Runs of consecutive numbers. */
function sections(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = []
  for (const entry of entries.toSorted((a, b) => a.number - b.number)) {
    const run = runs.at(-1)
    if (run?.at(-1)?.number === entry.number - 1) run?.push(entry)
    else runs.push([entry])
  }
  return runs
}

const digits = (value: number, length: number): string => String(value).padStart(length, '0')

function toTable(entries: readonly Entry[], isWhole: boolean): string {
  const free = '0000000000 65535 f \n'
  const runs = sections(entries).map((run) => {
    const lines = run.map(
      ({ offset, generation }) => `${digits(offset, 10)} ${digits(generation, 5)} n \n`,
    )
    const first = run[0]?.number ?? 0
    // Of a whole file the numbers are consecutive from 1, and 0 heads the list of the free.
    return isWhole && first === 1
      ? `0 ${run.length + 1}\n${free}${lines.join('')}`
      : `${first} ${run.length}\n${lines.join('')}`
  })
  return runs.join('')
}

function toStream(entries: readonly Entry[]): { index: string; data: Buffer } {
  const runs = sections(entries)
  const index = runs.map((run) => `${run[0]?.number} ${run.length}`).join(' ')
  const rows = runs.flat().map(({ offset, generation }) => {
    const row = Buffer.alloc(8)
    row.writeUInt8(1, 0)
    row.writeUIntBE(offset, 1, 5)
    row.writeUInt16BE(generation, 6)
    return row
  })
  return { index, data: Buffer.concat(rows) }
}

/** A text as PDF has it in titles: UTF-16 with its mark, in hexadecimal. */
export function pdfText(text: string): string {
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  return `<${utf16.toString('hex')}>`
}
