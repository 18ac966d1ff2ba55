import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { formats, type Format } from '../../../../shared/contract/result/formats.ts'
import { readOutcomes } from '../../../../shared/contract/result/outcomes.ts'
import { hashOf } from '../../../outputs/files/hash-of.ts'
import type { Document } from '../../../ledger/document.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import type { FolderRun } from '../../../ledger/runs.ts'
import { outputName } from '../../../outputs/files/output-files.ts'
import { outputFormats } from '../../../outputs/formats.ts'
import { outputFinding } from './about.ts'
import type { Finding } from './finding.ts'

/** Checks that each file that a document has claimed exists with the written content. */
export async function checkOutputs(
  ledger: Ledger,
  row: Document,
  run: FolderRun,
): Promise<Finding[]> {
  const claimed = ledger.claims.of(run.request.out, row.path, row.id)
  const found: Finding[] = []
  for (const format of formats.filter((name) => claimed.includes(name))) {
    const hash = row.outputs[format]
    if (hash === undefined) found.push(...checkUnwritten(row, run, format))
    else found.push(...(await checkFile(ledger, row, run, format, hash)))
  }
  return found
}

async function checkFile(
  { pages }: Ledger,
  row: Document,
  { request: { out } }: FolderRun,
  format: Format,
  hash: string,
): Promise<Finding[]> {
  const laterPages =
    outputFormats[format].isOfOnePage === true
      ? pages
          .states(row.id)
          .filter((page) => page.error === null)
          .slice(1)
      : []
  const missing = [
    outputName(row.path, format),
    ...laterPages.map(({ page }) => outputName(row.path, format, page)),
  ].filter((name) => !existsSync(join(out, name)))
  if (missing.length > 0) {
    return missing.map((name) =>
      outputFinding(row, 'output_missing', join(out, name), 'is missing'),
    )
  }
  const file = join(out, outputName(row.path, format))
  if ((await hashOf(file)) === hash) return []
  return [outputFinding(row, 'output_edited', file, 'has been edited since it was written')]
}

/** Of a format that the last reading did not write. */
function checkUnwritten(row: Document, { request }: FolderRun, format: Format): Finding[] {
  const file = join(request.out, outputName(row.path, format))
  const isRead = row.outcome !== null && readOutcomes.has(row.outcome)
  const isWanted = isRead && !row.unavailable.some((each) => each.format === format)
  if (!existsSync(file)) {
    const isMissing = isWanted && request.formats.includes(format)
    return isMissing ? [outputFinding(row, 'output_missing', file, 'was never written')] : []
  }
  if (isWanted && request.formats.includes(format))
    return [outputFinding(row, 'output_edited', file, 'has unknown content')]
  const [found, cure] = isWanted
    ? [
        'belongs to an earlier reading; the last one wrote other formats',
        `write it with ingest --formats ${[...request.formats, format].join(',')}, or delete it`,
      ]
    : [
        `belongs to an earlier attempt; the last one ended ${row.outcome}`,
        'read the file again with ingest --retry-failed, or delete the output',
      ]
  return [{ kind: 'output_stale', path: file, found, cure, repair: null, documentId: row.id }]
}
