import { toError } from '../../../shared/process/errors.ts'
import type { Hand } from '../../../shared/hands/hand.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { retryForEver } from '../../../shared/process/waiting/retry.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import { isRefusal } from '../../../shared/redis/connection/redis-trouble.ts'
import type { ResultReader, StreamEntry } from '../../../shared/redis/result-stream.ts'
import type { ReadingOutcome } from '../progress/breaker.ts'
import { untraced, type Tracer } from '../../../shared/tracing/tracer.ts'
import { toRecordSpans } from './record-spans.ts'
import { unmeasured, type Measures } from '../../../shared/redis/measures.ts'
import { workItems } from '../../ledger/work-items.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import type { PageRead, Recorded } from './recorded.ts'

export interface CommitterDeps {
  ledger: Ledger
  reader: Pick<ResultReader, 'acknowledge'>
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
  measures?: Pick<Measures, 'observe'>
  tracer?: Tracer
  log: Lines
}

/**
 * Commits results: one transaction, then the acknowledgement, then the output files. Retries for ever while the ledger
 * or an output folder rejects writes.
 */
export function createCommitter(deps: CommitterDeps) {
  const { ledger, reader, queue, publisher, record, log } = deps
  const {
    onAccepted,
    onPages,
    onReadings,
    onFinal,
    measures = unmeasured,
    tracer = untraced,
  } = deps
  const recordMeasured: CommitterDeps['record'] = (results, begin) => {
    const from = performance.now()
    const recorded = ledger.transaction(() => record(results, begin))
    measures.observe('commit', 'results', (performance.now() - from) / 1_000)
    return recorded
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

  /** Jobs whose results cannot be recorded: Redis lost the acceptance, and a ticket may still supply it. */
  const jobsOfUnknown = (results: readonly StreamEntry[]): string[] =>
    results.flatMap((entry) =>
      entry.kind === 'accepted' || ledger.documents.get(entry.documentId) !== undefined
        ? []
        : [entry.jobId],
    )

  /** `ids` are the entries of the stream to acknowledge with these results. */
  const commit = async (
    results: readonly StreamEntry[],
    ids: readonly string[],
    hand: Hand,
  ): Promise<void> => {
    const begin = (entry: StreamEntry): void => hand.part(workItems.collect(idOf(entry)))
    let startMs = 0
    const recorded = await persistently('the ledger refuses results', () => {
      startMs = Date.now()
      return recordMeasured(results, begin)
    })
    for (const span of toRecordSpans({ recorded, ids, startMs, endMs: Date.now() }))
      tracer.add(span)
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

  return {
    commit,
    /** Writes committed documents that are not yet written. */
    publishLeft: async (): Promise<void> => {
      const left = ledger.documents.unpublished()
      onFinal(await publishAll(left))
    },
  }
}

/** The job of a result, or the run of an acceptance. */
export const idOf = (entry: StreamEntry): string =>
  entry.kind === 'accepted' ? entry.request.runId : entry.jobId
