import { setTimeout as delay } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import { delayAfter } from '../../../shared/process/waiting/retry.ts'
import type { ResultReader, StreamEntry, Taken } from '../../../shared/redis/result-stream.ts'
import { workItems } from '../../ledger/work-items.ts'
import { createCommitter, idOf, type CommitterDeps } from './committer.ts'
import { createEntryOpener } from './entry-opener.ts'

interface Deps extends CommitterDeps {
  reader: ResultReader
  /** Records the results in progress. */
  hands?: Pick<Hands, 'take' | 'isSuspect'>
}

const batchSize = 200
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
  const { reader, hands = freeHands, log } = deps
  const { commit, publishLeft } = createCommitter(deps)
  const { groupsOf, openGroup } = createEntryOpener(hands, log)
  let lastBatchAt = 0
  /** True while results arrive continuously in small batches. */
  const isBusy = (entries: number): boolean => {
    if (entries === 0) return false
    const sinceMs = performance.now() - lastBatchAt
    lastBatchAt = performance.now()
    return sinceMs < busyMs && entries < batchSize / 2
  }

  const absorb = async (taken: readonly Taken[]): Promise<void> => {
    for (const group of groupsOf(taken)) {
      const hand = hands.take()
      try {
        const { results, ids } = await openGroup(group, hand)
        if (ids.length > 0) await commit(results, ids, hand)
      } finally {
        hand.done()
      }
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
    await publishLeft()
    await absorbPending()
  }

  return {
    /** Records results that did not arrive through the stream. */
    absorb: async (results: readonly StreamEntry[]): Promise<void> => {
      const hand = hands.take()
      try {
        const [first] = results
        if (first?.kind === 'accepted') await hand.next(workItems.collect(idOf(first)))
        await commit(results, [], hand)
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

export type Collector = ReturnType<typeof createCollector>
