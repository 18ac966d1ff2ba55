import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readOutcomes, type Format } from '../../../shared/contract.ts'
import type { Chunk, Chunks, Finished } from './format.ts'
import { writeJson } from './json.ts'
import { writeBook } from './pdf/book.ts'
import { writeText } from './text.ts'

interface Combined {
  out: string
  temporary: string
  /** What the run writes: where text and PDF are among it, they are combined, too. */
  formats: readonly Format[]
  /** Every finished document, failed ones too, sorted by path; gone through once for each file. */
  documents: () => Iterable<Finished>
  /** Told of documents whose pages the PDF cannot show. */
  onLeftOut: (path: string, reason: Error) => void
}

/**
 * Writes `OUT/results.ndjson`, a document a line, and, where the run writes these formats, `results.txt` with a form feed
 * between documents and `results.pdf` with a bookmark for each. They stream, so their size is the disk's affair; each
 * is whole or not there, like every output file.
 */
export async function writeCombined(given: Combined): Promise<void> {
  const { out, temporary, formats, documents, onLeftOut } = given
  const write = async (name: string, chunks: Chunks): Promise<void> => {
    const draft = join(temporary, name)
    try {
      const stream = Readable.from(chunks, { objectMode: false, highWaterMark: 65_536 })
      await pipeline(stream, createWriteStream(draft, { flush: true }))
      await rename(draft, join(out, name))
    } catch (thrown) {
      await rm(draft, { force: true })
      throw thrown
    }
  }
  await write('results.ndjson', lines(documents()))
  if (formats.includes('txt')) await write('results.txt', texts(documents()))
  if (formats.includes('pdf'))
    await write('results.pdf', writeBook(documents(), 'results', onLeftOut))
}

function* lines(documents: Iterable<Finished>): Generator<Chunk> {
  for (const { document } of documents) yield* writeJson(document)
}

function* texts(documents: Iterable<Finished>): Generator<Chunk> {
  let separator = ''
  for (const { document } of documents) {
    if (!readOutcomes.has(document.outcome)) continue
    yield separator
    yield* writeText(document)
    separator = '\f'
  }
}
