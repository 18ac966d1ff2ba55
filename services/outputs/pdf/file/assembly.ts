import { deflateSync } from 'node:zlib'
import type { Chunk } from '../../chunks.ts'
import type { Base, Trailer } from '../../decoder/calls.ts'

interface Entry {
  number: number
  generation: number
  offset: number
}

/**
 * Builds a PDF in chunks: write the result of each call in the order of the calls. It keeps only the offsets of the
 * objects. PDF libraries keep the whole file.
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
    /** The first of a range of numbers. */
    reserve(count: number): number {
      next += count
      return next - count
    },
    nextNumber: (): number => next,
    header: (): Buffer[] => emit('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n'),
    /** An object that is no stream. `body` is PDF text, one character per byte. */
    object: (number: number, body: string, generation = 0): Buffer[] =>
      emit(begin(number, generation), body, '\nendobj\n'),
    /**
     * A stream whose data come in chunks; its dictionary is complete, including the length. If the data fail, the
     * written part is no object.
     */
    async *streamed(
      number: number,
      dictionary: string,
      data: AsyncIterable<Uint8Array>,
    ): AsyncGenerator<Buffer> {
      yield* emit(begin(number, 0), dictionary, '\nstream\n')
      const entry = entries.at(-1)
      try {
        for await (const piece of data) yield* emit(piece)
      } catch (thrown) {
        entries.splice(
          entries.findLastIndex((each) => each === entry),
          1,
        )
        throw thrown
      }
      yield* emit('\nendstream\nendobj\n')
    },
    /** A stream that is deflated here; `dictionary` is the rest of its entries. */
    deflated(number: number, dictionary: string, data: string | Uint8Array): Buffer[] {
      const bytes = deflateSync(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
      const head = `<<${dictionary}/Filter/FlateDecode/Length ${bytes.length}>>\nstream\n`
      return emit(begin(number, 0), head, bytes, '\nendstream\nendobj\n')
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
    /** Allows appending to a file that ends without a line feed. */
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
    // The numbers of a whole file are consecutive from 1, and 0 heads the list of free ones.
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

/** A text in PDF's form for titles: UTF-16 with its byte order mark, in hexadecimal. */
export function pdfText(text: string): string {
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  return `<${utf16.toString('hex')}>`
}
