import { setTimeout as delay } from 'node:timers/promises'
import pRetry from 'p-retry'
import type { Logger } from '../../shared/logger.ts'
import type { Acceptance } from '../../shared/messages.ts'
import type { PageQueue } from '../../shared/queue.ts'
import type { Collected, ResultReader, StreamEntry } from '../../shared/results.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Publisher } from './publisher.ts'
import type { PageRead, Recorded } from './recorder.ts'

interface Deps {
  ledger: Ledger
  reader: ResultReader
  queue: PageQueue
  publisher: Publisher
  record: (results: readonly StreamEntry[]) => Recorded
  /** Called with uploads that the ledger now knows. */
  onAccepted: (accepted: readonly Acceptance[]) => void
  /** Called with pages that have just been recorded. */
  onPages: (pagesRead: readonly PageRead[]) => void
  /** Called with documents that have just become final. */
  onFinal: (ids: readonly string[]) => void
  log: Logger
}

const batchSize = 200
const blockMs = 200
/** After so long without a result a read may wait longer; it is what a stop waits for. */
const quietMs = 30_000
const quietBlockMs = 2_000
/** Batches that follow each other within `busyMs` are let grow: a commit costs the same for one result and for fifty. */
const busyMs = 200
const gatherMs = 40
const abandonedEveryMs = 30_000
const retries = { retries: Number.POSITIVE_INFINITY, minTimeout: 500, maxTimeout: 10_000 }

/**
 * Takes results off the stream in batches: one transaction, then the acknowledgement, then the output files.
 * A crash before the commit: the batch is delivered again. A crash after it: what is read and not yet written is
 * found in the ledger at the next start.
 */
export function createCollector(deps: Deps) {
  const { ledger, reader, queue, publisher, record, onAccepted, onPages, onFinal, log } = deps
  let lastBatchAt = 0
  /** True while results keep coming in small batches. */
  const isBusy = (entries: number): boolean => {
    if (entries === 0) return false
    const sinceMs = performance.now() - lastBatchAt
    lastBatchAt = performance.now()
    return sinceMs < busyMs && entries < batchSize / 2
  }

  /** Tries until the disk takes it: while it does not, results wait in Redis and the fleet pauses by itself. */
  const persistently = <T>(what: string, work: () => Promise<T> | T): Promise<T> =>
    pRetry(work, {
      ...retries,
      onFailedAttempt: ({ error, attemptNumber }) => log.error({ err: error, attemptNumber }, what),
    })

  const absorb = async (entries: readonly Collected[]): Promise<void> => {
    if (entries.length === 0) return
    const results: StreamEntry[] = []
    const ids: string[] = []
    for (const entry of entries) {
      if ('error' in entry) {
        // Left unacknowledged: a newer aggregator may understand it.
        log.error({ entry: entry.id, err: entry.error }, 'a result is not understood')
        continue
      }
      results.push(entry.entry)
      ids.push(entry.id)
    }
    await absorbResults(results, () => reader.acknowledge(ids))
  }

  /** Jobs whose results are lost on us: Redis forgot that they were accepted, and a ticket may yet tell it. */
  const jobsOfUnknown = (results: readonly StreamEntry[]): string[] =>
    results.flatMap((entry) =>
      entry.kind === 'accepted' || ledger.documents.get(entry.documentId) !== undefined
        ? []
        : [entry.jobId],
    )

  const absorbResults = async (
    results: readonly StreamEntry[],
    acknowledge?: () => Promise<void>,
  ): Promise<void> => {
    const recorded = await persistently('the ledger refuses results', () =>
      ledger.transaction(() => record(results)),
    )
    const { read, failed, requeued } = recorded
    onAccepted(recorded.accepted)
    onPages(recorded.pagesRead)
    try {
      await reader.letReadAgain(jobsOfUnknown(results))
      await acknowledge?.()
      await queue.add(requeued)
    } finally {
      // Committed is committed: a second delivery changes nothing, so what follows from the first is done now.
      await persistently('output files cannot be written', () => publisher.publish(read))
      onFinal([...read, ...failed])
    }
  }

  const absorbPending = async (): Promise<void> => {
    let after = '0'
    for (;;) {
      const entries = await reader.pending(after, batchSize)
      if (entries.length === 0) return
      after = entries.at(-1)?.id ?? after
      await absorb(entries)
    }
  }

  const recover = async (): Promise<void> => {
    await reader.open()
    const left = ledger.documents.unpublished()
    await persistently('output files cannot be written', () => publisher.publish(left))
    onFinal(left)
    await absorbPending()
  }

  return {
    /** Enters results that did not come by the stream. */
    absorb: (results: readonly StreamEntry[]) => absorbResults(results),
    /**
     * Writes what was committed and not yet written, and takes what was delivered and never acknowledged. Before
     * any planning: a planner that came upon such a document would have it read again.
     */
    recover,
    /** Collects until `stopping`, and then what is there already. */
    async run(stopping: AbortSignal): Promise<void> {
      let lookedAt = 0
      for (;;) {
        const isStopping = stopping.aborted
        try {
          if (performance.now() - lookedAt > abandonedEveryMs) {
            lookedAt = performance.now()
            await absorb(await reader.abandoned(batchSize))
          }
          const isQuiet = performance.now() - lastBatchAt > quietMs
          const waitMs = isQuiet ? quietBlockMs : blockMs
          const entries = await reader.next(batchSize, isStopping ? 1 : waitMs)
          await absorb(entries)
          if (isBusy(entries.length)) await delay(gatherMs)
          if (isStopping && entries.length === 0) return
        } catch (thrown) {
          // Redis was restarted or wiped: the group may be gone with it.
          log.warn({ err: thrown }, 'collecting failed, trying again')
          if (isStopping) return
          await delay(blockMs)
          await recover().catch(() => undefined) // Else the next round fails too, and comes back here.
        }
      }
    },
  }
}

export type Collector = ReturnType<typeof createCollector>
