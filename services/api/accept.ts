import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineIdentities } from '../../shared/engine-identity.ts'
import { jobIdOf, newRunId, uploadDocumentId } from '../../shared/ids.ts'
import { readOutcomes } from '../../shared/contract.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Acceptance, RunRequest } from '../../shared/messages.ts'
import type { PageQueue } from '../../shared/queue.ts'
import { canonicalRecipe, defaultRecipe, fingerprintOf } from '../../shared/recipe.ts'
import type { Redis } from '../../shared/redis.ts'
import { announce } from '../../shared/results.ts'
import { ticketFile, type Spool } from '../../shared/spool.ts'
import { documentJob } from '../aggregator/document-jobs.ts'
import type { DocumentRow } from '../aggregator/ledger/documents.ts'
import type { Ledger } from '../aggregator/ledger/ledger.ts'
import type { LedgerView } from './ledger-view.ts'
import { checkRecipe } from './recipe-options.ts'
import type { UploadOptions } from './schemas/options.ts'
import { createSharedSync, syncFolder } from './spool/folder-sync.ts'
import type { Received } from './spool/store.ts'

interface Deps {
  ledger: LedgerView
  redis: Redis
  keys: Keys
  queue: PageQueue
  spool: Spool
  identities: EngineIdentities
}

export interface Submission {
  received: readonly Received[]
  options: UploadOptions
  requestId: string
  caller: string
}

/** What became of an upload: its run, and its documents in the order of the files. */
export interface Accepted {
  runId: string
  documents: AcceptedDocument[]
}

export interface AcceptedDocument {
  id: string
  name: string
  isKnown: boolean
  /** Its reading: while the ledger has an earlier one only, what it tells of its end is of that one. */
  pass: number
}

interface Accepting {
  document: Acceptance['documents'][number]
  /** Read before, with this recipe. */
  isKnown: boolean
  file: Received
}

/**
 * Takes files in for good: ticket, spool, stream, queue. Whatever dies in between, the ticket says what was accepted,
 * and the aggregator's sweep goes on from there. The same bytes with the same recipe are the same document, so what
 * was read before is not read again, and a request that is repeated changes nothing.
 */
export function createAccept({ ledger, redis, keys, queue, spool, identities }: Deps) {
  const syncTickets = createSharedSync(() => syncFolder(spool.tickets))

  const writeTicket = async (acceptance: Acceptance): Promise<void> => {
    const draft = join(spool.tmp, `${randomUUID()}.ticket`)
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(JSON.stringify(acceptance))
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(draft, ticketFile(spool, acceptance.request.runId))
    await syncTickets()
  }

  return async (submission: Submission): Promise<Accepted> => {
    const { options } = submission
    const recipe = canonicalRecipe(checkRecipe({ ...defaultRecipe, ...options.recipe }))
    const fingerprint = fingerprintOf(recipe, await identities(recipe))
    const request = toRequest(submission, recipe, spool)
    const files = identify(ledger.get(), submission.received, fingerprint, options.force === true)
    const acceptance: Acceptance = {
      v: 1,
      kind: 'accepted',
      request,
      fingerprint,
      acceptedAt: new Date().toISOString(),
      documents: files.map(({ document }) => document),
    }
    if (options.pdfPassword !== undefined) {
      await redis.set(keys.secret(request.runId), options.pdfPassword, 'EX', ttl.secret)
    }
    await writeTicket(acceptance)
    try {
      // What is known needs its input no longer, what is open has it; both may come in once more.
      await Promise.all(files.map(({ isKnown, file }) => (isKnown ? file.drop() : file.keep())))
      await announce(redis, keys, acceptance)
    } catch (thrown) {
      // The client is told to come back: it is not to be read behind its back.
      await rm(ticketFile(spool, request.runId), { force: true })
      throw thrown
    }
    await queue.add(
      files
        .filter(({ isKnown }) => !isKnown)
        .map(({ document }) => documentJob({ request }, toPlan(acceptance, document), false)),
    )
    return {
      runId: request.runId,
      documents: files.map(({ document: { documentId: id, name, pass }, isKnown }) => ({
        id,
        name,
        isKnown,
        pass,
      })),
    }
  }
}

export type Accept = ReturnType<typeof createAccept>

function toRequest(
  { options, requestId, caller }: Submission,
  recipe: RunRequest['recipe'],
  spool: Spool,
): RunRequest {
  const { tag = null, metadata = {}, priority = 'interactive' } = options
  return {
    runId: newRunId(),
    root: spool.inputs,
    inputs: [],
    pathsInRedis: false,
    out: '',
    include: [],
    exclude: [],
    includeHidden: false,
    follow: false,
    formats: [],
    combined: false,
    recipe,
    attempts: options.attempts ?? 3,
    timeoutMs: options.timeoutMs ?? 0,
    force: options.force ?? false,
    retryFailed: false,
    checksum: false,
    dryRun: false,
    requestedBy: caller,
    source: 'upload',
    priority,
    labels: { tag, metadata },
    requestId,
  }
}

/** Tells which document each file is, and whether it was read before. The same file twice is one document. */
function identify(
  { documents }: Ledger,
  received: readonly Received[],
  fingerprint: string,
  isForced: boolean,
): Accepting[] {
  const found = new Map<string, Accepting>()
  for (const file of received) {
    const { name, sha256, bytes, mediaType } = file
    const own = uploadDocumentId(sha256, fingerprint)
    const mine = documents.get(own)
    const row =
      isForced || isRead(mine) ? mine : (documents.withContent(sha256, fingerprint, own) ?? mine)
    const documentId = row?.id ?? own
    if (found.has(documentId)) continue
    const isKnown = isRead(row) && !isForced
    const isOpen = row !== undefined && row.state !== 'final'
    const pass = isKnown || isOpen ? (row?.pass ?? 1) : (row?.pass ?? 0) + 1
    const jobId =
      isKnown || isOpen ? (row?.job_id ?? '') : jobIdOf(documentId, '', fingerprint, pass)
    const document = { documentId, jobId, pass, name, sha256, bytes, mediaType }
    found.set(documentId, { document, isKnown, file })
  }
  return [...found.values()]
}

const isRead = (row: DocumentRow | undefined): boolean =>
  row?.state === 'final' &&
  row.expired_at === null &&
  row.outcome !== null &&
  readOutcomes.has(row.outcome)

function toPlan(
  { request, fingerprint }: Acceptance,
  { documentId, jobId, pass, name, sha256, bytes }: Acceptance['documents'][number],
) {
  return {
    id: documentId,
    run_id: request.runId,
    path: name,
    stat: '',
    bytes,
    fingerprint,
    job_id: jobId,
    pass,
    is_upload: 1 as const,
    sha256,
  }
}
