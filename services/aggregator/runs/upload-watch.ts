import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { DocumentStep } from '../../../shared/contract/messages/progress.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Announcer } from '../events/announcer.ts'
import { toEnding } from '../events/document-event.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { PageRead } from '../results/recorded.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  announcer: Announcer
  log: Logger
  /** Receives the messages that every document repeats while Redis rejects commands. */
  outages: Lines
}

/** One event for the watchers of a run: `e` holds an end, `s` a step towards one. */
interface Message {
  runId: string
  field: 'e' | 's'
  value: object
}

const messagesAtATime = 100

/** Collects messages and publishes them in batches. */
function createTelling(publish: (messages: readonly Message[]) => Promise<void>) {
  let waiting: Message[] = []
  const flush = async (): Promise<void> => {
    const messages = waiting
    waiting = []
    await publish(messages)
  }
  return {
    async add(runIds: readonly string[], field: Message['field'], value: object): Promise<void> {
      for (const runId of runIds) waiting.push({ runId, field, value })
      if (waiting.length >= messagesAtATime) await flush()
    },
    flush,
  }
}

/** Ends the runs of uploads, and notifies their watchers. Folder runs have an `ActiveRun` for this. */
export function createUploadWatch({ ledger, redis, keys, announcer, log, outages }: Deps) {
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
    // Events are for present watchers; the ledger answers all other clients.
    if (failure) outages.warn({ err: failure }, 'publishing events failed')
  }

  const endSome = (runIds: readonly string[]): void => {
    const ended = runIds.filter((id) => !submissions.hasOpen(id))
    if (ended.length === 0) return
    redis.del(ended.map((id) => keys.secret(id))).catch(() => undefined) // Otherwise it expires.
    ledger.transaction(() => {
      for (const id of ended) {
        const run = runs.get(id)
        if (run === undefined || !runs.end(id, 'finished', null)) continue
        announcer.runEnded(run, 'finished', Object.fromEntries(submissions.counts(id)))
      }
    })
  }

  /** In batches: one document's end may end thousands of uploads. */
  const endRuns = async (runIds: readonly string[]): Promise<void> => {
    await announcer.tellRest() // First the documents, then their runs.
    const turns = createEventTurns()
    for (let index = 0; index < runIds.length;) {
      const some = runIds.slice(index, index + announcer.runsAtATime())
      endSome(some)
      index += some.length
      await turns.give()
    }
  }

  const runsOf = ({ origin, id, runId }: Document): Iterable<string[]> =>
    origin === 'upload' ? submissions.runsOf(id) : [[runId]]

  return {
    /** A page of a document with several pages has been read. */
    async pagesRead(read: readonly PageRead[]): Promise<void> {
      const at = new Date().toISOString()
      const telling = createTelling(publish)
      for (const { documentId, page, pagesTotal } of read) {
        if (pagesTotal === 1) continue
        const value: DocumentStep = { type: 'page', documentId, page, pagesTotal, at }
        for (const runIds of submissions.runsOf(documentId)) await telling.add(runIds, 's', value)
      }
      await telling.flush()
    },
    /** Documents are final that no active folder run counts. */
    async ended(rows: readonly Document[]): Promise<void> {
      const concerned = new Set<string>()
      const telling = createTelling(publish)
      for (const row of rows) {
        const event = { seq: 0, ...toEnding(row, pages.summary(row.id)) }
        let [first]: string[][] = []
        for (const runIds of runsOf(row)) {
          first ??= runIds
          await telling.add(runIds, 'e', event)
          if (row.origin === 'upload') runIds.forEach((id) => concerned.add(id))
        }
        const requestId = runs.get(row.runId)?.request.requestId
        const { id: documentId, outcome, error } = row
        const code = error?.code ?? null
        log.info({ documentId, runIds: first, requestId, outcome, error: code }, 'document ended')
      }
      await telling.flush() // Before the end: a client that sees a run ended must find all of its events.
      await endRuns([...concerned])
    },
    /** Ends uploads that a restart left open although all of their documents had ended. */
    recover: () => endRuns(runs.activeUploads()),
    /** An upload of known documents may have nothing to wait for. */
    accepted: (runIds: readonly string[]) => endRuns(runIds),
  }
}
