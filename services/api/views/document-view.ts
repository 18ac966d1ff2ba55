import type { Blocked } from '../../../shared/redis/abilities.ts'
import { scrub } from '../../../shared/process/host-paths.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { RunRequest } from '../../../shared/contract/messages/run-request.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { QueuePlace } from '../../../shared/redis/queue-view.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FleetView } from '../state/fleet-view.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import type { DocumentView } from '../schemas/document.ts'
import type { Tickets } from '../state/tickets.ts'

interface Deps {
  ledger: LedgerView
  tickets: Tickets
  queue: PageQueue
  fleet: FleetView
  /** Retention of uploads, milliseconds; 0 = for ever. */
  retentionMs: number
}

const nothingOpen: [Map<string, QueuePlace>, number, Blocked] = [new Map(), 0, {}]

/** Documents in the API: their records in the ledger, and the state of their jobs. */
export function createDocumentViews(deps: Deps) {
  const { ledger, tickets, queue, retentionMs } = deps

  /** The view of an accepted upload that the ledger has not recorded yet; `known` is the ledger's latest pass. */
  const standIn = async (id: string, known: number): Promise<DocumentView | undefined> => {
    const ticket = await tickets.ofDocument(id)
    const accepted = ticket?.documents.find(({ documentId }) => documentId === id)
    if (ticket === undefined || accepted === undefined || accepted.pass <= known) return undefined
    const { request, fingerprint, acceptedAt } = ticket
    const { name, bytes, sha256, mediaType, jobId } = accepted
    const [places, pagesPerSecond, blocked] = await Promise.all([
      placesOf([jobId]),
      pace(deps),
      deps.fleet.blocked(),
    ])
    return {
      ...describe(request),
      id,
      name,
      bytes,
      sha256,
      mediaType,
      links: linksOf(id, request.runId),
      ...placing(places.get(jobId) ?? 'absent', pagesPerSecond),
      outcome: null,
      error: null,
      blocked: blocked[fingerprint] ?? null,
      confidence: null,
      warnings: [],
      duplicateOf: null,
      attempts: 0,
      progress: { pagesDone: 0, pagesTotal: null },
      createdAt: acceptedAt,
      finishedAt: null,
      expiresAt: null,
    }
  }

  const placesOf = (jobIds: readonly string[]): Promise<Map<string, QueuePlace>> =>
    queue.places(jobIds).catch(() => new Map()) // Redis is unreachable.

  const ofRows = async (rows: readonly Document[]): Promise<DocumentView[]> => {
    const records = ledger.get()
    const open = rows.filter(({ state }) => state === 'planned')
    const [places, pagesPerSecond, blocked] =
      open.length === 0
        ? nothingOpen
        : await Promise.all([
            placesOf(open.map((row) => row.jobId)),
            pace(deps),
            deps.fleet.blocked(),
          ])
    const runs = new Map<string, RunRequest | undefined>()
    const views: DocumentView[] = []
    const turns = createEventTurns()
    for (const row of rows) {
      await turns.give() // A row may be that of two thousand pages.
      const named = row.origin === 'upload' ? records.submissions.latest(row.id) : undefined
      const runId = named?.runId ?? row.runId
      if (!runs.has(runId)) runs.set(runId, records.runs.get(runId)?.request)
      const request = runs.get(runId)
      if (request === undefined) continue
      const place = places.get(row.jobId) ?? 'absent'
      views.push(
        toView(records, row, {
          request,
          name: named?.name,
          place,
          pagesPerSecond,
          blocked: row.state === 'planned' ? (blocked[row.fingerprint] ?? null) : null,
          retentionMs,
        }),
      )
    }
    return views
  }

  return {
    ofRows,
    /** The present state of a document; undefined if it is unknown. */
    async find(id: string): Promise<DocumentView | undefined> {
      const known = ledger.get().documents.get(id)
      const isOpen = known !== undefined && known.state !== 'final'
      const again = isOpen ? undefined : await standIn(id, known?.pass ?? 0)
      if (again !== undefined) return again
      // Read again, because a ticket is deleted once its upload is recorded.
      const row = ledger.get().documents.get(id)
      if (row === undefined) return undefined
      const [view] = await ofRows([row])
      const problem = view === undefined ? ledger.get().runs.problemOf(row.runId) : undefined
      if (problem !== undefined) throw problem
      return view
    },
  }
}

export type DocumentViews = ReturnType<typeof createDocumentViews>

async function pace({ fleet }: Deps): Promise<number> {
  const sign = await fleet.aggregator().catch(() => undefined) // Redis is unreachable: no estimate then.
  return (sign?.pagesPerMinute ?? 0) / 60
}

interface Context {
  request: RunRequest
  name: string | undefined
  place: QueuePlace
  pagesPerSecond: number
  blocked: DocumentView['blocked']
  retentionMs: number
}

function toView(records: Ledger, row: Document, context: Context): DocumentView {
  const { request, name = row.path, place, pagesPerSecond, blocked, retentionMs } = context
  const { id, bytes, sha256, mediaType, outcome, error } = row
  const summary = records.pages.summary(id)
  const isFinal = row.state === 'final'
  const placed = isFinal
    ? ({ status: 'finished', position: null, etaSeconds: null } as const)
    : placing(summary.pages > 0 || row.state === 'read' ? 'active' : place, pagesPerSecond)
  return {
    ...describe(request),
    id,
    name,
    bytes,
    sha256,
    mediaType,
    links: linksOf(id, request.runId),
    ...placed,
    outcome: isFinal ? outcome : null,
    error: error && { ...error, message: scrub(error.message) },
    blocked,
    confidence: summary.confidence,
    warnings: isFinal ? row.warnings : [],
    duplicateOf: row.duplicateOf,
    attempts: summary.attempts,
    progress: { pagesDone: summary.pages, pagesTotal: row.pagesTotal },
    createdAt: new Date(row.createdAt).toISOString(),
    finishedAt: isFinal ? row.finishedAt : null,
    expiresAt: row.expiredAt ?? expiry(row, retentionMs),
  }
}

function describe({ runId, recipe, labels, priority = 'bulk' }: RunRequest) {
  const { tag = null, metadata = {} } = labels ?? {}
  return { runId, tag, metadata, priority, recipe }
}

function placing(
  place: QueuePlace,
  pagesPerSecond: number,
): Pick<DocumentView, 'status' | 'position' | 'etaSeconds'> {
  if (place === 'active') return { status: 'reading', position: null, etaSeconds: null }
  const position = place === 'absent' ? null : place
  const etaSeconds =
    position === null || pagesPerSecond === 0
      ? null
      : Math.round((10 * (position + 1)) / pagesPerSecond) / 10
  return { status: 'queued', position, etaSeconds }
}

function expiry(row: Document, retentionMs: number): string | null {
  if (row.origin === 'folder' || retentionMs === 0 || row.state !== 'final') return null
  return new Date(Date.parse(row.finishedAt ?? '') + retentionMs).toISOString()
}

function linksOf(id: string, runId: string): DocumentView['links'] {
  const self = `/v1/documents/${id}`
  return { self, result: `${self}/result`, events: `${self}/events`, run: `/v1/runs/${runId}` }
}
