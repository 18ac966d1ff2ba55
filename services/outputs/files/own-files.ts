import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Format } from '../../../shared/contract/result/formats.ts'
import { systemCode } from '../../../shared/process/errors.ts'
import { folderDocumentId } from '../../../shared/contract/ids.ts'
import { hashNow } from './hash-of.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { outputName } from './output-files.ts'

/** The properties of a document that determine the names of its output. */
export interface Named {
  id: string
  path: string
}

/** Maximum number of other output folders to search: this one may have been moved. */
const maxFolders = 50
/** A `.json` file begins with the id of its document. */
const startBytes = 64

/**
 * Decides whether we wrote a file on which the ledger has no claim; `own`: the formats that the document has claimed.
 */
export function createOwnFiles(
  { documents, runs }: Pick<Ledger, 'documents' | 'runs'>,
  out: string,
) {
  let elsewhere: { root: string; out: string }[] | undefined

  /** The ledger was lost, or is older than the output: the `.json` file names its document. */
  const isOwnJson = ({ id, path }: Named): boolean =>
    readStart(join(out, outputName(path, 'json'))).startsWith(`{"id":"${id}"`)

  /** The output folder was moved or copied: the content's hash equals that of our output for this path. */
  const wasWrittenElsewhere = ({ path }: Named, format: Format): boolean => {
    elsewhere ??= runs.elsewhere(out, maxFolders)
    const known = elsewhere.flatMap((place) => {
      const row = documents.get(folderDocumentId(place.out, place.root, path))
      return row?.outputs[format] ?? []
    })
    const found = known.length > 0 && hashNow(join(out, outputName(path, format)))
    return typeof found === 'string' && known.includes(found)
  }

  return (named: Named, format: Format, own: readonly string[]): boolean =>
    ((own.length === 0 || format === 'json') && isOwnJson(named)) ||
    wasWrittenElsewhere(named, format)
}

/** Our own files are never links. O_NONBLOCK: opening a FIFO would wait for its writer for ever. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

function readStart(file: string): string {
  try {
    const descriptor = openSync(file, flags)
    try {
      const start = Buffer.alloc(startBytes)
      return start.toString('utf8', 0, readSync(descriptor, start))
    } finally {
      closeSync(descriptor)
    }
  } catch (thrown) {
    if (systemCode(thrown) === undefined) throw thrown
    return '' // Missing or unreadable: it proves nothing.
  }
}
