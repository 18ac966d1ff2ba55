import { join } from 'node:path'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { mayReadBetter } from '../../../shared/contract/result/page.ts'
import { failedOutcomes } from '../../../shared/contract/result/outcomes.ts'
import { folderDocumentId, jobIdOf } from '../../../shared/contract/ids.ts'
import { sizeOf } from '../../../shared/files/stat-key.ts'
import { hashBelow, hashOf } from '../../outputs/files/hash-of.ts'
import type { Document, KnownDocument, Plan } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { PageState } from '../../ledger/queries/page-states.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { outputName } from '../../outputs/files/output-files.ts'
import { createListing } from '../../outputs/files/files-listing.ts'

/** The action for one file. */
export type Decision =
  | { action: 'read'; plan: Plan; mayHaveTwin: boolean }
  /** Read earlier and unchanged, but an output file is missing or edited: the ledger writes it again. */
  | { action: 'restore'; row: KnownDocument }
  | { action: 'skip'; row: KnownDocument; failed: boolean }
  /** This very run has read it, or is about to write it, since before the aggregator was restarted. */
  | { action: 'counted' }
  /** An earlier run has read it and is writing it: decide after that. */
  | { action: 'putOff' }

export const documentIdOf = ({ request }: FolderRun, path: string): string =>
  folderDocumentId(request.out, request.root, path)

/**
 * The pages of a document that are read again. `rest`: failed and missing ones. `warned`: also those that may be read
 * better, whose texts stay in the ledger until they are.
 */
export type Extent = 'rest' | 'warned' | 'all'

export const extentOf = ({
  force,
  retryWarned = false,
}: Pick<FolderRequest, 'force' | 'retryWarned'>): Extent =>
  force ? 'all' : retryWarned ? 'warned' : 'rest'

/**
 * Plans a document again, to this extent; all of it where it was read in full, or where its file or its recipe has
 * changed. Returns the states of the pages that stay; undefined where the ledger has changed since the document was
 * `known`, and nothing was planned.
 */
export function planAgain(
  { documents, pages }: Pick<Ledger, 'documents' | 'pages'>,
  known: Document | undefined,
  plan: Plan,
  extent: Extent,
): PageState[] | undefined {
  const isSame =
    extent !== 'all' && known?.stat === plan.stat && known.fingerprint === plan.fingerprint
  const isImproved = isSame && extent === 'warned' && mayReadBetter(known.warnings)
  const isRest =
    isImproved ||
    (isSame &&
      (known.outcome === 'partial' || known.state === 'planned') &&
      known.duplicateOf === null)
  if (!documents.plan(plan, known)) return undefined
  if (!isRest || known.sha256 === null || known.pagesTotal === null) {
    pages.clear(plan.id)
    return []
  }
  const { sha256, bytes, mediaType, pagesTotal } = known
  pages.clearFailures(plan.id)
  if (extent === 'warned') pages.markProvisional(plan.id)
  documents.setInput(plan, { sha256, bytes, mediaType: mediaType ?? '' }, pagesTotal)
  return pages.states(plan.id)
}

/** Decides the action for files of one run by comparing them with the ledger; opens them only with `--checksum`. */
export function createDecider(run: FolderRun, lookUp: (id: string) => KnownDocument | undefined) {
  const { request, fingerprint } = run
  const listing = createListing(request.out)

  const read = (path: string, stat: string, row: KnownDocument | undefined): Decision => {
    const id = documentIdOf(run, path)
    const isSame = row?.stat === stat && row.fingerprint === fingerprint
    // A planned document's job may still be on the queue: the same id finds it there.
    const isPlanned = isSame && row.state === 'planned'
    const pass = row === undefined ? 1 : isPlanned ? row.pass : row.pass + 1
    const plan: Plan = {
      id,
      runId: run.id,
      path,
      stat,
      bytes: sizeOf(stat),
      fingerprint,
      jobId: jobIdOf(id, stat, fingerprint, pass),
      pass,
    }
    return { action: 'read', plan, mayHaveTwin: !request.force }
  }

  const hasOutputs = ({ path, outputs }: KnownDocument): boolean =>
    request.formats.every(
      (format) => outputs[format] !== undefined && listing.isThere(path, format),
    )

  const hasSoundOutputs = async ({ path, outputs }: KnownDocument): Promise<boolean> => {
    for (const format of request.formats.filter((name) => outputs[name] !== undefined)) {
      const file = join(request.out, outputName(path, format))
      if ((await hashOf(file)) !== outputs[format]) return false
    }
    return true
  }

  return async (path: string, stat: string): Promise<Decision> => {
    const row = lookUp(documentIdOf(run, path))
    if (row?.runId === run.id && row.state !== 'planned') return { action: 'counted' }
    if (row?.state === 'read') return { action: 'putOff' }
    const isFinal = row?.state === 'final' && row.stat === stat && row.fingerprint === fingerprint
    if (!isFinal || row.outcome === null) return read(path, stat, row)
    const hasFailed = failedOutcomes.has(row.outcome)
    if (request.force || row.outcome === 'cancelled') return read(path, stat, row)
    if (request.retryWarned === true && mayReadBetter(row.warnings)) return read(path, stat, row)
    if (hasFailed) {
      const isRetried = request.retryFailed || (request.hasPdfPassword && isLocked(row))
      if (isRetried) return read(path, stat, row)
      if (row.outcome === 'partial' && !hasOutputs(row)) return { action: 'restore', row }
      return { action: 'skip', row, failed: true }
    }
    const { root, follow } = request
    if (request.checksum && (await hashBelow({ root, path, follow })) !== row.sha256) {
      return read(path, stat, row)
    }
    if (!hasOutputs(row) || (request.checksum && !(await hasSoundOutputs(row)))) {
      return { action: 'restore', row }
    }
    return { action: 'skip', row, failed: false }
  }
}

/** Rejected for lack of the right password: a run with a password retries it. */
const isLocked = ({ error }: KnownDocument): boolean =>
  error?.code === 'password_required' || error?.code === 'password_wrong'
