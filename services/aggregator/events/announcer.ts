import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { scrub } from '../../../shared/process/host-paths.ts'
import { scrubPause, type Pause } from '../../../shared/contract/pause.ts'
import type { WebhookEvent } from '../../../shared/contract/webhook.ts'
import { untraced, type Tracer } from '../../../shared/tracing/tracer.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Run } from '../../ledger/runs.ts'
import { beforeAll } from '../../ledger/submissions.ts'

interface Deps {
  ledger: Ledger
  tracer?: Tracer
  /** Adds a delivery to the ledger for each webhook that subscribes to it. */
  enqueue: (event: WebhookEvent, tag: string | null, data: object) => void
}

/** Maximum number of deliveries in one transaction, unless there are more webhooks. */
const deliveriesAtATime = 100

/**
 * Notifies webhooks of ended documents and runs. Called inside the transaction that ends them: the ledger has both, or
 * neither. Of the uploads that submitted a document, only the first is notified there, and the ledger records that the
 * others are pending: `tellRest` notifies them, also after a restart.
 */
export function createAnnouncer({ ledger, tracer = untraced, enqueue }: Deps) {
  const { announcements, documents, pages, runs, submissions, webhooks } = ledger

  const tell = (runId: string, ending: object): void => {
    const labels = runs.get(runId)?.request.labels
    enqueue('document.finished', labels?.tag ?? null, { runId, ...ending, ...labels })
  }

  /** Number of runs that one transaction may announce: the more webhooks there are, the fewer. */
  const runsAtATime = (): number =>
    Math.ceil(deliveriesAtATime / Math.max(1, webhooks.subscriptions().length))

  /** Sends some pending announcements; returns false where none is pending. */
  const tellMore = (): boolean =>
    ledger.transaction(() => {
      const rest = announcements.first()
      if (rest === undefined) return false
      const ending = JSON.parse(rest.data)
      const some = submissions.someOf(rest.documentId, rest.last, runsAtATime())
      for (const { runId } of some) tell(runId, ending)
      const last = some.at(-1)
      if (last === undefined) announcements.remove(rest.id)
      else announcements.move(rest.id, last)
      return true
    })

  return {
    runsAtATime,
    documentFinal: (id: string): void => {
      if (webhooks.subscriptions().length === 0) return
      const row = documents.get(id)
      if (row === undefined) return
      const { pages: count, confidence } = pages.summary(id)
      const { error } = row
      const ending = {
        documentId: id,
        path: row.path,
        sha256: row.sha256,
        outcome: row.outcome,
        error: error && { ...error, message: scrub(error.message) },
        pages: count,
        confidence,
      }
      if (row.origin === 'folder') return tell(row.runId, ending)
      const [first, second] = submissions.someOf(id, beforeAll, 2)
      if (first !== undefined) tell(first.runId, ending)
      if (first !== undefined && second !== undefined)
        announcements.add(id, JSON.stringify(ending), first)
    },
    /** Announces a document's end to all remaining uploads, in batches. Before their runs end, or are removed. */
    async tellRest(): Promise<void> {
      const turns = createEventTurns()
      while (tellMore()) await turns.give()
    },
    /** `pause` where it is not over: it continues when a user resumes it. */
    runEnded: (
      { id, startedAt, request: { labels } }: Run,
      state: string,
      outcomes: object,
      pause?: Pause,
    ): void => {
      const startMs = Date.parse(startedAt)
      const attributes = { state }
      tracer.add({ runId: id, name: 'run', isRoot: true, startMs, endMs: Date.now(), attributes })
      const why = pause !== undefined && { pause: scrubPause(pause) }
      enqueue('run.finished', labels?.tag ?? null, {
        runId: id,
        state,
        outcomes,
        ...why,
        ...labels,
      })
    },
  }
}

export type Announcer = ReturnType<typeof createAnnouncer>
