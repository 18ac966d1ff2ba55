import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { toError } from '../../../shared/process/errors.ts'
import { newRunId } from '../../../shared/contract/ids.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type { UploadRequest } from '../../../shared/contract/messages/run-request.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import { canonicalRecipe, defaultRecipe, fingerprintOf } from '../../../shared/contract/recipe.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { announce } from '../../../shared/redis/result-stream.ts'
import type { Spool } from '../../../shared/files/spool.ts'
import { untraced, type Tracer } from '../../../shared/tracing/tracer.ts'
import { documentJob } from '../../ledger/document-jobs.ts'
import { identify } from './identify.ts'
import type { IdempotencyKey } from './idempotency.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import { checkLabels, checkRecipe } from './check-options.ts'
import type { Accepted, Submission } from './submission.ts'
import type { Tickets } from '../state/tickets.ts'

interface Deps {
  ledger: LedgerView
  tickets: Tickets
  redis: Redis
  keys: Keys
  pdfPasswords: PdfPasswords
  queue: PageQueue
  spool: Spool
  identities: EngineIdentities
  tracer?: Tracer | undefined
  log: Logger
}

/**
 * Accepts files. An upload is accepted when its files and then its ticket are durable: from then on the aggregator
 * finds it, whichever process dies and whatever Redis loses. Stream and queue only make it faster, but an upload that
 * Redis refuses is rejected, and not read behind the client's back. The same bytes with the same recipe are the same
 * document, so finished documents are not read again, and a repeated request changes nothing.
 */
export function createAccept(deps: Deps) {
  const { ledger, tickets, pdfPasswords, queue, tracer = untraced, log } = deps
  return async (submission: Submission, key?: IdempotencyKey): Promise<Accepted> => {
    const startMs = Date.now()
    const { options } = submission
    const recipe = canonicalRecipe(checkRecipe({ ...defaultRecipe, ...options.recipe }))
    const fingerprint = fingerprintOf(recipe, await deps.identities(recipe))
    const files = identify(ledger.get(), submission.received, fingerprint, options.force === true)
    const documents = files.map(({ document: { documentId: id, name, pass }, isKnown }) => ({
      id,
      name,
      isKnown,
      pass,
    }))
    const request = {
      ...toRequest(submission, recipe, deps.spool),
      ...(key !== undefined && { idempotency: { ...key, documents } }),
    }
    const acceptance: Acceptance = {
      v: 1,
      kind: 'accepted',
      request,
      fingerprint,
      acceptedAt: new Date().toISOString(),
      documents: files.map(({ document }) => document),
    }
    if (options.pdfPassword !== undefined) {
      await pdfPasswords.keep(request.runId, options.pdfPassword)
    }
    const ticket = await tickets.draft(acceptance)
    try {
      // Known documents as well: they may be deleted, or expire, before the aggregator has recorded this upload.
      await Promise.all([ticket.sync(), ...files.map(({ file }) => file.keep())])
      await ticket.issue()
      await announce(deps.redis, deps.keys, acceptance)
    } catch (thrown) {
      await ticket.withdraw()
      throw thrown
    }
    const jobs = files
      .filter(({ isKnown }) => !isKnown)
      .map(({ document }) => documentJob({ request }, toPlan(acceptance, document), false))
    await queue.add(jobs).catch((thrown: unknown) => {
      log.warn({ err: toError(thrown) }, 'queueing an upload failed, the aggregator adds it')
    })
    const { runId, requestId } = request
    const attributes = { documents: documents.length, requestId: requestId ?? '' }
    tracer.add({ runId, name: 'accept', startMs, endMs: Date.now(), attributes })
    return { runId, documents }
  }
}

export type Accept = ReturnType<typeof createAccept>

function toRequest(
  { options, requestId, caller }: Submission,
  recipe: UploadRequest['recipe'],
  spool: Spool,
): UploadRequest {
  const { tag = null, metadata = {}, priority = 'interactive' } = options
  return {
    runId: newRunId(),
    root: spool.inputs,
    recipe,
    attempts: options.attempts ?? 3,
    timeoutMs: options.timeoutMs ?? 0,
    force: options.force ?? false,
    requestedBy: caller,
    source: 'upload',
    priority,
    labels: checkLabels({ tag, metadata }),
    requestId,
  }
}

function toPlan(
  { request, fingerprint }: Acceptance,
  { documentId, jobId, pass, name, sha256, bytes }: Acceptance['documents'][number],
) {
  return {
    id: documentId,
    runId: request.runId,
    path: name,
    stat: '',
    bytes,
    fingerprint,
    jobId,
    pass,
    origin: 'upload' as const,
    sha256,
  }
}
