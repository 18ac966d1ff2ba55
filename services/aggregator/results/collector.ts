import { setTimeout as delay } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hand, type Hands } from '../../../shared/hands/hands.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { delayAfter, retryForEver } from '../../../shared/process/retry.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import { isRefusal } from '../../../shared/redis/connection/redis-trouble.ts'
import { failed as failedReport, openEntry } from '../../../shared/redis/result-stream.ts'
import type { ResultReader, StreamEntry, Taken } from '../../../shared/redis/result-stream.ts'
import type { ReadingOutcome } from '../progress/breaker.ts'
import { workItems } from '../../ledger/work-items.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import type { PageRead, Recorded } from './recorder.ts'

interface Deps {
  ledger: Ledger
  reader: ResultReader
  queue: PageQueue
  publisher: Pick<Publisher, 'publish'>
  record: (results: readonly StreamEntry[], begin?: (entry: StreamEntry) => void) => Recorded
  /** Called with uploads that the ledger has just recorded. */
  onAccepted: (accepted: readonly Acceptance[]) => void
  /** Called with pages that have just been recorded. */
  onPages: (pagesRead: readonly PageRead[]) => void
  /** Called with readings that have just been recorded, in order. */
  onReadings?: (readings: readonly ReadingOutcome[]) => void
  /** Called with documents that have just become final. */
  onFinal: (ids: readonly string[]) => void
  /** Records the results in progress. */
  hands?: Pick<Hands, 'take' | 'isSuspect'>
  log: Lines
}

const batchSize = 200
/** An unpacked report takes a hundred times its bytes on the stream. */
const openedAtOnceBytes = 4 * 2 ** 20
const notUnderstood =
  'a result is not understood; is a worker or an API newer than this aggregator?'
const blockMs = 200
/** After this long without a result a read may block longer; a stop must wait for that read. */
const quietMs = 30_000
const quietBlockMs = 2_000
/** Batches that follow each other within `busyMs` may grow: a commit costs the same for one result and for fifty. */
const busyMs = 200
const gatherMs = 40
const abandonedEveryMs = 10_000
/** Delays between attempts while Redis rejects commands or is unreachable. */
const delays = { firstMs: 200, maxMs: 5_000 }
/** Maximum wait for a fleet that still reads while we stop: later reports are collected after the next start. */
const stopWithinMs = 5_000

/**
 * Takes results from the stream in batches: one transaction, then the acknowledgement, then the output files. After a
 * crash before the commit the batch is delivered again. After a crash behind it the next start finds unwritten
 * documents in the ledger.
 */
export function createCollector(deps: Deps) {
  const { ledger, reader, queue, publisher, record, log } = deps
  const { onAccepted, onPages, onReadings, onFinal, hands = freeHands } = deps
  let lastBatchAt = 0
  /** Entries of a newer version: every read of pending entries returns them again. */
  const told = new Set<string>()
  /** True while results arrive continuously in small batches. */
  const isBusy = (entries: number): boolean => {
    if (entries === 0) return false
    const sinceMs = performance.now() - lastBatchAt
    lastBatchAt = performance.now()
    return sinceMs < busyMs && entries < batchSize / 2
  }

  /** Retries until the disk accepts the work: meanwhile results wait in Redis, and the fleet pauses by itself. */
  const persistently = <T>(what: string, work: () => Promise<T> | T): Promise<T> =>
    retryForEver(work, {
      onFailure: (err, attemptNumber) => log.error({ err, attemptNumber }, what),
    })

  /** Returns the documents that become final by this. */
  const publishAll = async (ids: readonly string[]): Promise<string[]> => {
    const publish = () => publisher.publish(ids)
    const { written, failed } = await persistently('writing output files failed', publish)
    return [...written, ...failed]
  }

  /** In order; a suspect by itself, and no more at once than memory allows. */
  const absorb = async (taken: readonly Taken[]): Promise<void> => {
    let group: Taken[] = []
    let bytes = 0
    for (const entry of taken) {
      const [before] = group
      const isFull = bytes + (entry.payload?.length ?? 0) > openedAtOnceBytes
      if (before !== undefined && (isFull || isSuspect(entry) || isSuspect(before))) {
        await absorbGroup(group)
        group = []
        bytes = 0
      }
      group.push(entry)
      bytes += entry.payload?.length ?? 0
    }
    if (group.length > 0) await absorbGroup(group)
  }

  const isSuspect = ({ of }: Taken): boolean =>
    of !== undefined && hands.isSuspect(workItems.collect(of.jobId))

  const absorbGroup = async (group: readonly Taken[]): Promise<void> => {
    const results: StreamEntry[] = []
    const ids: string[] = []
    const hand = hands.take()
    try {
      for (const taken of group) {
        const opened = await open(taken, hand)
        if (opened === 'poison') ids.push(taken.id)
        else if ('error' in opened) {
          // Not acknowledged: a newer aggregator may understand it. Many of them pause the fleet, as if nobody
          // collected.
          if (!told.has(taken.id)) log.error({ entry: taken.id, err: opened.error }, notUnderstood)
          told.add(taken.id)
        } else {
          results.push(opened.entry)
          ids.push(taken.id)
        }
      }
      if (ids.length > 0) await absorbResults(results, ids, hand)
    } finally {
      hand.done()
    }
  }

  /** Opens an entry, which stays in progress; a failure replaces a report that is set aside. */
  const open = async (taken: Taken, hand: Hand) => {
    const { of } = taken
    try {
      if (of !== undefined) await hand.next(workItems.collect(of.jobId))
    } catch (thrown) {
      const { message } = toError(thrown)
      log.error({ entry: taken.id, of, err: message }, 'result set aside as poison')
      if (of === undefined || of.documentId === '') return 'poison'
      return { entry: failedReport(of, 'poison', message) }
    }
    return openEntry(taken)
  }

  /** Jobs whose results cannot be recorded: Redis lost the acceptance, and a ticket may still supply it. */
  const jobsOfUnknown = (results: readonly StreamEntry[]): string[] =>
    results.flatMap((entry) =>
      entry.kind === 'accepted' || ledger.documents.get(entry.documentId) !== undefined
        ? []
        : [entry.jobId],
    )

  const absorbResults = async (
    results: readonly StreamEntry[],
    ids: readonly string[] = [],
    hand: Hand = hands.take(),
  ): Promise<void> => {
    const begin = (entry: StreamEntry): void => hand.part(workItems.collect(idOf(entry)))
    const recorded = await persistently('the ledger refuses results', () =>
      ledger.transaction(() => record(results, begin)),
    )
    hand.done() // Writing files is another piece of work.
    const { read, failed, requeued } = recorded
    onAccepted(recorded.accepted)
    onPages(recorded.pagesRead)
    try {
      await reader.acknowledge(ids, [...jobsOfUnknown(results), ...recorded.unread])
      // A full Redis accepts no jobs, and collecting frees its memory: the reconciler adds them later.
      await queue.add(requeued).catch((thrown: unknown) => {
        if (!isRefusal(thrown)) throw thrown
        log.warn({ err: toError(thrown), jobs: requeued.length }, 'Redis rejects jobs')
      })
    } finally {
      // After the commit, a second delivery changes nothing, so this delivery triggers all follow-up work.
      const ended = [...failed, ...(await publishAll(read))]
      onReadings?.(recorded.readings) // First: a run that these readings pause must not end by them.
      onFinal(ended)
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
    onFinal(await publishAll(left))
    await absorbPending()
  }

  return {
    /** Records results that did not arrive through the stream. */
    absorb: async (results: readonly StreamEntry[]): Promise<void> => {
      const hand = hands.take()
      try {
        const [first] = results
        if (first?.kind === 'accepted') await hand.next(workItems.collect(idOf(first)))
        await absorbResults(results, [], hand)
      } finally {
        hand.done()
      }
    },
    /**
     * Writes committed documents that are not yet written, and takes delivered entries that were never acknowledged.
     * Before any planning: a planner that found such a document would have it read again.
     */
    recover,
    /** Collects until `stopping`, and then the entries that have already arrived. */
    async run(stopping: AbortSignal): Promise<void> {
      let lookedAt = 0
      let failures = 0
      let stopAt = Number.POSITIVE_INFINITY
      stopping.addEventListener('abort', () => (stopAt = performance.now() + stopWithinMs))
      for (;;) {
        const isStopping = stopping.aborted
        try {
          if (reader.mayHaveMissed()) await absorbPending()
          if (performance.now() - lookedAt > abandonedEveryMs) {
            lookedAt = performance.now()
            await absorb(await reader.abandoned(batchSize))
          }
          const isQuiet = performance.now() - lastBatchAt > quietMs
          const waitMs = isQuiet ? quietBlockMs : blockMs
          const entries = await reader.next(batchSize, isStopping ? 1 : waitMs)
          await absorb(entries)
          failures = 0
          if (isBusy(entries.length)) await delay(gatherMs)
          const isAll = entries.length < batchSize || performance.now() > stopAt
          if (isStopping && isAll) return
        } catch (thrown) {
          // Redis was restarted or wiped: the consumer group may be lost.
          log.warn({ err: toError(thrown) }, 'collecting failed, retrying')
          if (isStopping) return
          failures += 1
          await delay(delayAfter(failures, delays))
          await recover().catch(() => undefined) // Otherwise the next round fails, too, and returns here.
        }
      }
    },
  }
}

const idOf = (entry: StreamEntry): string =>
  entry.kind === 'accepted' ? entry.request.runId : entry.jobId

export type Collector = ReturnType<typeof createCollector>
