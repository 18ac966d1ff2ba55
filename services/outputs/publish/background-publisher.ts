import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { retryForEver } from '../../../shared/process/waiting/retry.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Prepared, Publisher } from './publisher.ts'

interface Deps {
  ledger: Ledger
  publisher: Pick<Publisher, 'longAmong' | 'prepare' | 'record'>
  /** Called with documents that have just become final. */
  onFinal: (ids: readonly string[]) => void
  log: Lines
}

/**
 * Publishes documents whose output opens their input. That may take minutes for any file, so it runs in the background:
 * meanwhile results are collected and other documents written. The next start finds documents in the ledger that were
 * not written when the process ended.
 */
export function createBackgroundPublisher({ ledger, publisher, onFinal, log }: Deps) {
  /** Aborts the writing of each document in progress. */
  const writing = new Map<string, AbortController>()
  const stopping = new AbortController()
  const under = new Set<Promise<void>>()
  let written: Prepared[] = []
  let isRecording = false

  /** Retries until the disk accepts the work, as the collector does. */
  const persistently = <T>(work: () => Promise<T>): Promise<T> =>
    retryForEver(work, {
      signal: stopping.signal,
      onFailure: (err, attemptNumber) =>
        log.error({ err, attemptNumber }, 'writing output files failed'),
    })

  /**
   * Records as many at a time as are written: each sync of a folder, and each commit, costs the same for one and for
   * fifty.
   */
  const recordWritten = async (): Promise<void> => {
    if (isRecording) return
    isRecording = true
    try {
      while (written.length > 0) {
        const batch = written
        written = []
        const published = await persistently(() => publisher.record(batch))
        for (const { id } of batch) writing.delete(id)
        onFinal([...published.written, ...published.failed])
      }
    } finally {
      isRecording = false
    }
  }

  const publish = async (id: string, signal: AbortSignal): Promise<void> => {
    try {
      const prepared = await persistently(() => publisher.prepare(id, signal))
      written.push(prepared)
      await recordWritten()
    } catch (thrown) {
      writing.delete(id)
      if (!stopping.signal.aborted) throw thrown
    }
  }

  const begin = (id: string): void => {
    if (writing.has(id) || stopping.signal.aborted) return
    const ending = new AbortController()
    writing.set(id, ending)
    const signal = AbortSignal.any([ending.signal, stopping.signal])
    const published = publish(id, signal).catch((thrown: unknown) =>
      log.error({ err: thrown }, 'publishing a document failed'),
    )
    under.add(published)
    void published.finally(() => under.delete(published))
  }

  return {
    /** Takes the documents that may take long; returns the others. */
    take(ids: readonly string[]): string[] {
      const long = publisher.longAmong(ids)
      for (const id of long) begin(id)
      return ids.filter((id) => !long.has(id))
    },
    /** A run was cancelled: skips formats that show its documents' input, and writes the others. */
    cancel(runId: string): void {
      const message = 'its pages are not shown: the run was cancelled before they were written'
      for (const [id, ending] of writing) {
        if (ledger.documents.get(id)?.runId === runId)
          ending.abort(new ScriptoriumError('cancelled', message))
      }
    },
    /** Aborts all writing. Documents that are not final keep their state in the ledger. */
    async close(): Promise<void> {
      stopping.abort()
      await Promise.all(under)
    },
  }
}

export type BackgroundPublisher = ReturnType<typeof createBackgroundPublisher>
