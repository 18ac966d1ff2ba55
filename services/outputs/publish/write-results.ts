import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { LeftOut } from '../../../shared/contract/report.ts'
import { workItems } from '../../ledger/work-items.ts'
import { combinedId } from '../../ledger/claims.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { combinedFormats, combinedName, writeCombined } from '../plain/combined.ts'
import type { Finished, OutputInput } from '../format.ts'
import type { Chunks } from '../chunks.ts'
import { documentOf, inputFileOf } from '../from-ledger.ts'
import type { Publisher } from './publisher.ts'

interface Deps {
  ledger: Ledger
  publisher: Publisher
  /** Records the file being written. */
  hands?: Pick<Hands, 'hold'>
  log: Logger
}

/**
 * Writes the combined files of a run's output folder: those that the run requests, and that are ours to write. Returns
 * those over which we died repeatedly: they are skipped.
 */
export async function writeResults(
  deps: Deps,
  { id, request: { out, formats } }: FolderRun,
  password: string | undefined,
  signal?: AbortSignal,
): Promise<LeftOut[]> {
  const { ledger, publisher, hands = freeHands, log } = deps
  const claimed = ledger.claims.of(out, combinedName, combinedId)
  const files = publisher.filesOf(out)
  const leftOut: LeftOut[] = []
  const replace = async (name: string, chunks: Chunks): Promise<void> => {
    try {
      await hands.hold(workItems.combine(id, name), () => files.replace(name, chunks))
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'poison') throw thrown
      log.error({ name, err: thrown }, 'combined file skipped')
      files.remove(name)
      leftOut.push({ name, code: thrown.code, message: thrown.message })
    }
  }
  await writeCombined({
    replace,
    formats: combinedFormats(formats).filter((format) => claimed.includes(format)),
    documents: () => everyDocument(deps, out, { password, decoder: publisher.decoder, signal }),
    onLeftOut: (path, err) => log.warn({ path, err }, 'document skipped in results.pdf'),
  })
  await files.sync()
  return leftOut
}

/** Except those with unreadable pages: their own files exist. */
async function* everyDocument(
  { ledger, log }: Deps,
  out: string,
  shared: Omit<OutputInput, 'file'>,
): AsyncGenerator<Finished> {
  for (const row of ledger.documents.finished(out)) {
    const request = ledger.runs.get(row.runId)?.request
    if (request === undefined) continue
    let document: Finished['document']
    try {
      document = await documentOf(ledger, row, request)
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      log.warn({ path: row.path, err: thrown }, 'document skipped in the combined files')
      continue
    }
    yield { document, input: { file: inputFileOf(row, request), ...shared } }
  }
}
