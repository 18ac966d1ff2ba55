import type { WebhookEvent } from '../../shared/webhook.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'

interface Deps {
  ledger: Ledger
  /** Puts a delivery into the ledger for each webhook that wants it. */
  enqueue: (event: WebhookEvent, tag: string | null, data: object) => void
}

/**
 * Tells webhooks what has ended. Called inside the transaction that makes it so: either both are in the ledger,
 * or neither.
 */
export function createAnnouncer({ ledger, enqueue }: Deps) {
  const { documents, pages, runs, submissions, webhooks } = ledger
  return {
    documentFinal: (id: string): void => {
      if (webhooks.list().length === 0) return
      const row = documents.get(id)
      if (row === undefined) return
      const { pages: count, confidence } = pages.summary(id)
      const runIds = row.is_upload === 1 ? submissions.runsOf(id) : [row.run_id]
      for (const runId of runIds) {
        const labels = runs.get(runId)?.request.labels
        enqueue('document.finished', labels?.tag ?? null, {
          documentId: id,
          runId,
          path: row.path,
          sha256: row.sha256,
          outcome: row.outcome,
          error:
            row.error_code === null ? null : { code: row.error_code, message: row.error_message },
          pages: count,
          confidence,
          ...labels,
        })
      }
    },
    runEnded: ({ id, request: { labels } }: Run, state: string, outcomes: object): void => {
      enqueue('run.finished', labels?.tag ?? null, { runId: id, state, outcomes, ...labels })
    },
  }
}

export type Announcer = ReturnType<typeof createAnnouncer>
