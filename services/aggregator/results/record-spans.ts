import type { RunSpan } from '../../../shared/tracing/tracer.ts'
import type { Recorded } from './recorded.ts'

interface Batch {
  recorded: Pick<Recorded, 'pagesRead'>
  /** Ids of the entries on the stream, `<milliseconds>-<number>`, in order; none for results from elsewhere. */
  ids: readonly string[]
  /** The transaction. */
  startMs: number
  endMs: number
}

/** The trace of a batch, for each run in it: the oldest result's time on the stream, and the transaction. */
export function toRecordSpans({ recorded, ids, startMs, endMs }: Batch): RunSpan[] {
  const pages = new Map<string, number>()
  for (const { runId } of recorded.pagesRead) pages.set(runId, (pages.get(runId) ?? 0) + 1)
  const addedMs = Math.min(startMs, Number(ids[0]?.split('-')[0] ?? startMs))
  return [...pages].map(([runId, count]) => ({
    runId,
    name: 'record',
    startMs: addedMs,
    endMs,
    attributes: { pages: count },
    parts: [
      { name: 'stream', startMs: addedMs, endMs: startMs },
      { name: 'ledger', startMs, endMs },
    ],
  }))
}
