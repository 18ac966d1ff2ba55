import type { Keys } from '../../shared/keys.ts'
import { acceptanceSchema, createParser, type RunRequest } from '../../shared/messages.ts'
import type { PageQueue, QueuePlace } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import type { DocumentRow } from '../aggregator/ledger/documents.ts'
import type { Ledger } from '../aggregator/ledger/ledger.ts'
import type { FleetView } from './fleet-view.ts'
import type { LedgerView } from './ledger-view.ts'
import { scrub } from './problem.ts'
import type { DocumentView } from './schemas/document.ts'

interface Deps {
  ledger: LedgerView
  redis: Redis
  keys: Keys
  queue: PageQueue
  fleet: FleetView
  /** How long uploads are kept, milliseconds; 0 = for ever. */
  retentionMs: number
}

const nothingOpen: [Map<string, QueuePlace>, number] = [new Map(), 0]
const parseAcceptance = createParser('an accepted upload', acceptanceSchema)

/** Shows documents: what the ledger knows of them, and where their jobs stand. */
export function createDocumentViews(deps: Deps) {
  const { ledger, redis, keys, queue, retentionMs } = deps

  /** A client may ask before the aggregator has recorded what was accepted; `known` are the readings that it has. */
  const standIn = async (id: string, known: number): Promise<DocumentView | undefined> => {
    const text = await redis.get(keys.accepted(id))
    if (text === null) return undefined
    const { request, acceptedAt, documents } = parseAcceptance(JSON.parse(text))
    const accepted = documents.find(({ documentId }) => documentId === id)
    if (accepted === undefined || accepted.pass <= known) return undefined
    const { name, bytes, sha256, mediaType, jobId } = accepted
    const [places, pagesPerSecond] = await Promise.all([queue.places([jobId]), pace(deps)])
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
      confidence: null,
      duplicateOf: null,
      attempts: 0,
      progress: { pagesDone: 0, pagesTotal: null },
      createdAt: acceptedAt,
      finishedAt: null,
      expiresAt: null,
    }
  }

  const placesOf = (open: readonly DocumentRow[]): Promise<Map<string, QueuePlace>> =>
    queue.places(open.map((row) => row.job_id)).catch(() => new Map()) // Redis is away.

  const ofRows = async (rows: readonly DocumentRow[]): Promise<DocumentView[]> => {
    const records = ledger.get()
    const open = rows.filter(({ state }) => state === 'planned')
    const [places, pagesPerSecond] =
      open.length === 0 ? nothingOpen : await Promise.all([placesOf(open), pace(deps)])
    const runs = new Map<string, RunRequest | undefined>()
    return rows.flatMap((row) => {
      const named = row.is_upload === 1 ? records.submissions.latest(row.id) : undefined
      const runId = named?.runId ?? row.run_id
      if (!runs.has(runId)) runs.set(runId, records.runs.get(runId)?.request)
      const request = runs.get(runId)
      if (request === undefined) return []
      const place = places.get(row.job_id) ?? 'absent'
      return [
        toView(records, row, { request, name: named?.name, place, pagesPerSecond, retentionMs }),
      ]
    })
  }

  return {
    ofRows,
    /** One document, as it stands; undefined where nobody knows it. */
    async find(id: string): Promise<DocumentView | undefined> {
      const row = ledger.get().documents.get(id)
      if (row === undefined) return standIn(id, 0)
      const again =
        row.state === 'final' ? await standIn(id, row.pass).catch(() => undefined) : undefined // Redis is away.
      return again ?? (await ofRows([row]))[0]
    },
  }
}

export type DocumentViews = ReturnType<typeof createDocumentViews>

async function pace({ fleet }: Deps): Promise<number> {
  const sign = await fleet.aggregator().catch(() => undefined) // Redis is away: no estimate then.
  return (sign?.pagesPerMinute ?? 0) / 60
}

interface Context {
  request: RunRequest
  name: string | undefined
  place: QueuePlace
  pagesPerSecond: number
  retentionMs: number
}

function toView(records: Ledger, row: DocumentRow, context: Context): DocumentView {
  const { request, name = row.path, place, pagesPerSecond, retentionMs } = context
  const { id, bytes, sha256, media_type: mediaType, outcome, error_code: code } = row
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
    error: code === null ? null : { code, message: scrub(row.error_message ?? '') },
    confidence: summary.confidence,
    duplicateOf: row.duplicate_of,
    attempts: summary.attempts,
    progress: { pagesDone: summary.pages, pagesTotal: row.pages_total },
    createdAt: new Date(row.created_at).toISOString(),
    finishedAt: isFinal ? row.finished_at : null,
    expiresAt: row.expired_at ?? expiry(row, retentionMs),
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

function expiry(row: DocumentRow, retentionMs: number): string | null {
  if (row.is_upload === 0 || retentionMs === 0 || row.state !== 'final') return null
  return new Date(Date.parse(row.finished_at ?? '') + retentionMs).toISOString()
}

export function linksOf(id: string, runId: string): DocumentView['links'] {
  const self = `/v1/documents/${id}`
  return { self, result: `${self}/result`, events: `${self}/events`, run: `/v1/runs/${runId}` }
}
