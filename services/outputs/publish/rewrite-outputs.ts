import { formats } from '../../../shared/contract/result/formats.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { Publisher } from './publisher.ts'

/** Writes the output files of final documents again from the ledger, in every format that they were ever written in. */
export async function rewriteOutputs(
  ledger: Ledger,
  publisher: Publisher,
  ids: readonly string[],
): Promise<void> {
  for (const { run, documents } of byOwner(ledger, ids).values()) {
    const { lost } = await publisher.publish(documents, run)
    // They are planned again, in a run that has ended.
    if (lost.length > 0) ledger.runs.reopen(run.id)
  }
}

/** Documents by run, each run with the formats of these documents. */
function byOwner(ledger: Ledger, ids: readonly string[]) {
  const owners = new Map<string, { run: FolderRun; documents: string[] }>()
  for (const id of ids) {
    const row = ledger.documents.get(id)
    const run = row && ledger.runs.getFolder(row.runId)
    if (row?.state !== 'final' || run === undefined) continue
    const written = row.outputs
    const wanted = formats.filter(
      (format) => written[format] !== undefined || run.request.formats.includes(format),
    )
    const key = [run.id, ...wanted].join(' ')
    const owner = owners.get(key) ?? {
      run: { ...run, request: { ...run.request, formats: wanted } },
      documents: [],
    }
    owner.documents.push(id)
    owners.set(key, owner)
  }
  return owners
}
