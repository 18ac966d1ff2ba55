import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ScriptoriumDocument } from '../../../shared/contract.ts'
import { toJson } from './json.ts'

/**
 * Writes `OUT/results.ndjson`: every finished document of an output folder, failed ones too, one on a line,
 * sorted by path. Streams, so its size is the disk's affair; whole or not there, like every output file.
 */
export async function writeCombined(
  out: string,
  temporary: string,
  documents: Iterable<ScriptoriumDocument>,
): Promise<void> {
  const draft = join(temporary, 'results.ndjson')
  const lines = function* (): Generator<string> {
    for (const document of documents) yield toJson(document)
  }
  await pipeline(Readable.from(lines()), createWriteStream(draft, { flush: true }))
  await rename(draft, join(out, 'results.ndjson'))
}
