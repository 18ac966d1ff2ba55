import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { failedOutcomes, formats } from '../../shared/contract.ts'
import { systemCode } from '../../shared/errors.ts'
import { folderDocumentId, jobIdOf } from '../../shared/ids.ts'
import { sizeOf } from '../../shared/stat-key.ts'
import type { JobPlan } from './document-jobs.ts'
import { hashOf } from './hash-of.ts'
import {
  writtenOutputs,
  type DocumentRow,
  type KnownDocument,
  type Plan,
} from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { PageState } from './ledger/pages.ts'
import type { Run } from './ledger/runs.ts'
import { outputName } from './outputs/files.ts'

/** What is to be done about one file. */
export type Decision =
  | { action: 'read'; plan: Plan; mayHaveTwin: boolean }
  /** Read earlier and unchanged, but an output file is missing or edited: the ledger writes it again. */
  | { action: 'restore'; row: KnownDocument }
  | { action: 'skip'; row: KnownDocument; failed: boolean }
  /** Ended in this very run, before the aggregator was restarted. */
  | { action: 'counted' }

export const documentIdOf = ({ request }: Run, path: string): string =>
  folderDocumentId(request.out, request.root, path)

/**
 * Plans a document anew. Of one that was read in part only what failed is read again, unless its file, its recipe or the
 * user want all of it: its other pages stay. Returns the states of the pages that stay.
 */
export function planAgain(
  { documents, pages }: Pick<Ledger, 'documents' | 'pages'>,
  known: DocumentRow | undefined,
  plan: Plan,
  isForced: boolean,
): PageState[] {
  const isRest =
    known?.outcome === 'partial' &&
    known.duplicate_of === null &&
    known.stat === plan.stat &&
    known.fingerprint === plan.fingerprint &&
    !isForced
  documents.plan(plan)
  if (!isRest || known.sha256 === null || known.pages_total === null) {
    pages.clear(plan.id)
    return []
  }
  const { sha256, bytes, media_type: mediaType, pages_total: pagesTotal } = known
  pages.clearFailures(plan.id)
  documents.setInput(plan.id, { sha256, bytes, mediaType: mediaType ?? '' }, pagesTotal)
  return pages.states(plan.id)
}

/** The next reading of a document, under a job id of its own; `stat` where the file has changed since. */
export function nextPass(row: DocumentRow, stat: string = row.stat): JobPlan {
  const { id, run_id, path, fingerprint, is_upload, sha256 } = row
  const bytes = stat === row.stat ? row.bytes : sizeOf(stat)
  const pass = row.pass + 1
  const job_id = jobIdOf(id, stat, fingerprint, pass)
  return { id, run_id, path, stat, bytes, fingerprint, pass, job_id, is_upload, sha256 }
}

/** Decides about files of one run by comparing them with the ledger; opens them only with `--checksum`. */
export function createDecider(run: Run, lookUp: (id: string) => KnownDocument | undefined) {
  const { request, fingerprint } = run
  const namesInOut = createListing(request.out)

  const read = (path: string, stat: string, row: KnownDocument | undefined): Decision => {
    const id = documentIdOf(run, path)
    const isSame = row?.stat === stat && row.fingerprint === fingerprint
    // A planned document's job may still be on the queue: the same id finds it there.
    const isPlanned = isSame && row.state === 'planned'
    const pass = row === undefined ? 1 : isPlanned ? row.pass : row.pass + 1
    const plan: Plan = {
      id,
      run_id: run.id,
      path,
      stat,
      bytes: sizeOf(stat),
      fingerprint,
      job_id: jobIdOf(id, stat, fingerprint, pass),
      pass,
    }
    return { action: 'read', plan, mayHaveTwin: !request.force }
  }

  const hasOutputs = ({ path, outputs }: KnownDocument): boolean =>
    request.formats.every(
      // Keys of a small JSON object of our own: finding them is a third of the time of parsing it.
      (format) => outputs?.includes(`"${format}":`) && namesInOut(outputName(path, format)),
    )

  const hasSoundOutputs = async (row: KnownDocument): Promise<boolean> => {
    const written = writtenOutputs(row)
    for (const format of formats.filter((name) => written[name] !== undefined)) {
      const file = join(request.out, outputName(row.path, format))
      if ((await hashOf(file)) !== written[format]) return false
    }
    return true
  }

  return async (path: string, stat: string): Promise<Decision> => {
    const row = lookUp(documentIdOf(run, path))
    const isFinal = row?.state === 'final' && row.stat === stat && row.fingerprint === fingerprint
    if (!isFinal || row.outcome === null) return read(path, stat, row)
    if (row.run_id === run.id) return { action: 'counted' }
    const hasFailed = failedOutcomes.has(row.outcome)
    if (request.force || row.outcome === 'cancelled') return read(path, stat, row)
    if (hasFailed) {
      const isRetried = request.retryFailed || (request.hasPdfPassword && isLocked(row))
      if (isRetried) return read(path, stat, row)
      if (row.outcome === 'partial' && !hasOutputs(row)) return { action: 'restore', row }
      return { action: 'skip', row, failed: true }
    }
    if (request.checksum && (await hashOf(join(request.root, path))) !== row.sha256) {
      return read(path, stat, row)
    }
    if (!hasOutputs(row) || (request.checksum && !(await hasSoundOutputs(row)))) {
      return { action: 'restore', row }
    }
    return { action: 'skip', row, failed: false }
  }
}

/** Refused for want of the right password: a run that brings one tries again. */
const isLocked = ({ error_code: code }: KnownDocument): boolean =>
  code === 'password_required' || code === 'password_wrong'

/** Tells whether a file is there by listing its folder once: half the cost of a stat for each file. */
function createListing(out: string) {
  let folder: string | undefined
  let names = new Set<string>()
  return (path: string): boolean => {
    const wanted = dirname(path)
    if (wanted !== folder) {
      folder = wanted
      names = new Set(list(join(out, wanted)))
    }
    return names.has(basename(path))
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return []
    throw thrown
  }
}
