import { ttl, type Keys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { DocumentStep } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Announcer } from './announcer.ts'
import { toEnding } from './document-event.ts'
import type { DocumentRow } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { PageRead } from './recorder.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  announcer: Announcer
  log: Logger
}

/** One event for those who watch a run: `e` holds an ending, `s` a step towards one. */
interface Message {
  runId: string
  field: 'e' | 's'
  value: object
}

/** Ends the runs that uploads are, and tells those who watch them. Folder runs have an `ActiveRun` for this. */
export function createUploadWatch({ ledger, redis, keys, announcer, log }: Deps) {
  const { pages, runs, submissions } = ledger

  const publish = async (messages: readonly Message[]): Promise<void> => {
    if (messages.length === 0) return
    const pipeline = redis.pipeline()
    for (const { runId, field, value } of messages) {
      const key = keys.events(runId)
      pipeline.xadd(key, '*', field, JSON.stringify(value)).expire(key, ttl.finishedRun)
    }
    const answers = await pipeline.exec()
    const failure = answers?.find(([error]) => error !== null)?.[0]
    // Events are for those who watch now; the ledger answers everybody else.
    if (failure) log.warn({ err: failure }, 'events cannot be told')
  }

  const endRuns = (runIds: readonly string[]): void => {
    const ended = runIds.filter((id) => !submissions.hasOpen(id))
    if (ended.length === 0) return
    redis.del(ended.map((id) => keys.secret(id))).catch(() => undefined) // Redis lets go of it in time.
    ledger.transaction(() => {
      for (const id of ended) {
        const run = runs.get(id)
        if (run?.state !== 'active') continue
        runs.end(id, 'finished', null)
        announcer.runEnded(run, 'finished', Object.fromEntries(submissions.counts(id)))
      }
    })
  }

  return {
    /** A page of a document with several is read. */
    async pagesRead(read: readonly PageRead[]): Promise<void> {
      const at = new Date().toISOString()
      const toMessages = ({ documentId, page, pagesTotal }: PageRead): Message[] => {
        if (pagesTotal === 1) return []
        const value: DocumentStep = { type: 'page', documentId, page, pagesTotal, at }
        return submissions.runsOf(documentId).map((runId) => ({ runId, field: 's', value }))
      }
      await publish(read.flatMap(toMessages))
    },
    /** Documents are final that no active folder run counts. */
    async ended(rows: readonly DocumentRow[]): Promise<void> {
      const concerned = new Set<string>()
      const messages: Message[] = []
      for (const row of rows) {
        const event = { seq: 0, ...toEnding(row, pages.summary(row.id)) }
        const runIds = row.is_upload === 1 ? submissions.runsOf(row.id) : [row.run_id]
        for (const id of runIds) {
          messages.push({ runId: id, field: 'e', value: event })
          if (row.is_upload === 1) concerned.add(id)
        }
        const requestId = runs.get(row.run_id)?.request.requestId
        const { id: documentId, outcome, error_code: error } = row
        log.info({ documentId, runIds, requestId, outcome, error }, 'document ended')
      }
      await publish(messages) // Before the end: who sees a run ended finds all of its events.
      endRuns([...concerned])
    },
    /** Ends what a restart left open although all of its documents had ended. */
    recover: () => endRuns(runs.activeUploads()),
    /** An upload of what was known already may have nothing to wait for. */
    accepted: (runIds: readonly string[]) => endRuns(runIds),
  }
}
