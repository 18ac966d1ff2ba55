import { type Format } from '../../../shared/contract/result/formats.ts'
import { readOutcomes } from '../../../shared/contract/result/outcomes.ts'
import type { Finished } from '../format.ts'
import type { Chunk, Chunks } from '../chunks.ts'
import { writeJson } from './json.ts'
import { writeBook } from '../pdf/book.ts'
import { writeText } from './text.ts'

/** Name of the combined files, without extension. */
export const combinedName = 'results'
const combinable = ['ndjson', 'txt', 'pdf'] as const
type CombinedFormat = (typeof combinable)[number]

/** The combined files of a run with these formats. */
export const combinedFormats = (formats: readonly Format[]): CombinedFormat[] =>
  combinable.filter((format) => format === 'ndjson' || formats.includes(format))

type Documents = Iterable<Finished> | AsyncIterable<Finished>

interface Combined {
  /** Writes a file of the output folder. */
  replace: (name: string, chunks: Chunks) => Promise<unknown>
  /** The files to write. */
  formats: readonly CombinedFormat[]
  /** All finished documents, including failed ones, sorted by path; iterated once for each file. */
  documents: () => Documents
  /** Called with documents whose pages the PDF cannot show. */
  onLeftOut: (path: string, reason: Error) => void
}

/**
 * Writes `OUT/results.ndjson`, one document per line, and, where the run writes these formats, `results.txt` with a
 * form feed between documents and `results.pdf` with a bookmark for each. All are streamed, so only the disk limits
 * their size; each is written atomically, like every output file.
 */
export async function writeCombined(given: Combined): Promise<void> {
  const { replace, formats, documents, onLeftOut } = given
  if (formats.includes('ndjson')) await replace('results.ndjson', lines(documents()))
  if (formats.includes('txt')) await replace('results.txt', texts(documents()))
  if (formats.includes('pdf'))
    await replace('results.pdf', writeBook(documents(), 'results', onLeftOut))
}

async function* lines(documents: Documents): AsyncGenerator<Chunk> {
  for await (const { document } of documents) yield* writeJson(document)
}

async function* texts(documents: Documents): AsyncGenerator<Chunk> {
  let separator = ''
  for await (const { document } of documents) {
    if (!readOutcomes.has(document.outcome)) continue
    yield separator
    yield* writeText(document)
    separator = '\f'
  }
}
