import type { SSEMessage } from '@fastify/sse'
import type { DocumentViews } from '../views/document-view.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import { isAfter, type EventHub, type StoredEvent } from './event-hub.ts'
import type { RunViews } from '../views/run-view.ts'
import type { DocumentView } from '../schemas/document.ts'
import { shownEnding } from '../views/shown.ts'

interface Deps {
  hub: EventHub
  keys: Keys
  documents: DocumentViews
  runs: RunViews
}

/** The position of a watcher: its last event, and whether the end was sent. */
export interface Seen {
  after: string
  hasSeenEnd: boolean
}

/** Interval of progress events, and of checks of a quiet stream, milliseconds. */
const tellMs = 1_000
/** Time for events that were published before the end was seen, and are not read yet. */
const lastMs = 150
const endMark = '-end'

/** Parses a Last-Event-ID; null if it is not one of ours. */
export function parseSeen(text: string | undefined): Seen | null {
  const [, after, end] = /^(\d{1,16}-\d{1,16})(-end)?$/.exec(text ?? '') ?? []
  return after === undefined ? null : { after, hasSeenEnd: end !== undefined }
}

const finished = (after: string, data: object): SSEMessage => ({
  id: after + endMark,
  event: 'finished',
  data,
})

/**
 * The events of a document or a run for one client: first the status, then each event, finally the end. With the id of
 * the last received event, missed events come first, and nothing at all if that was the end. Redis keeps the events of
 * a run for a day after the last one, and 20 000 of a folder run.
 */
export function createEventStreams({ hub, keys, documents, runs }: Deps) {
  return {
    async *ofDocument(
      id: string,
      runId: string,
      seen: Seen | null,
      signal: AbortSignal,
    ): AsyncGenerator<SSEMessage> {
      let after = seen?.after ?? (await hub.tip(keys.events(runId)))
      const first = await documents.find(id)
      if (first !== undefined && (seen === null || !isEnded(first))) {
        yield { event: 'document', data: first }
      }
      while (!signal.aborted) {
        const isOver = isEnded(await documents.find(id))
        const events = await nextEvents(hub, keys.events(runId), after, isOver, signal)
        for (const event of events) {
          after = laterOf(after, event)
          if (documentOf(event) !== id) continue
          if (event.step) {
            yield { id: event.id, event: event.step.type, data: event.step }
            continue
          }
          const view = await documents.find(id)
          if (!isEnded(view)) continue // That was the end of a reading before this one.
          yield finished(after, view ?? { id })
          return
        }
        if (!isOver || events.length > 0) continue
        // It ended before the watcher's place in the stream, or the stream is gone.
        if (seen?.hasSeenEnd !== true) yield finished(after, (await documents.find(id)) ?? { id })
        return
      }
    },
    async *ofRun(
      runId: string,
      seen: Seen | null,
      signal: AbortSignal,
    ): AsyncGenerator<SSEMessage> {
      let after = seen?.after ?? (await hub.tip(keys.events(runId)))
      let told = ''
      while (!signal.aborted) {
        // This comes first: once a run is seen as ended, all of its events are in the stream.
        const isOver = await runs.isOver(runId)
        if (!isOver || seen === null) {
          const view = await runs.find(runId)
          const text = JSON.stringify(view)
          if (view !== undefined && text !== told) yield { event: 'progress', data: view }
          told = text
        }
        const events = await nextEvents(hub, keys.events(runId), after, isOver, signal)
        for (const event of events) {
          after = laterOf(after, event)
          if (event.step) yield { id: event.id, event: event.step.type, data: event.step }
          if (event.ending)
            yield { id: event.id, event: 'document', data: shownEnding(event.ending) }
        }
        if (!isOver || events.length > 0) continue
        if (seen?.hasSeenEnd !== true || after !== seen.after) {
          yield finished(after, (await runs.find(runId)) ?? { id: runId })
        }
        return
      }
    },
    /** The ends of documents of all runs, without end. */
    async *ofAll(seen: Seen | null, signal: AbortSignal): AsyncGenerator<SSEMessage> {
      let after = seen?.after ?? (await hub.tip(keys.feed))
      while (!signal.aborted) {
        for (const event of await hub.next(keys.feed, after, tellMs, signal)) {
          after = laterOf(after, event)
          if (event.fed) yield { id: event.id, event: 'document', data: shownEnding(event.fed) }
        }
      }
    },
  }
}

/** Events of a finished run may still be on their way to Redis: a delay on a busy machine is not the end. */
async function nextEvents(
  hub: EventHub,
  key: string,
  after: string,
  isOver: boolean,
  signal: AbortSignal,
): Promise<StoredEvent[]> {
  const events = await hub.next(key, after, isOver ? lastMs : tellMs, signal)
  return isOver && events.length === 0 ? hub.rest(key, after) : events
}

export type EventStreams = ReturnType<typeof createEventStreams>

/** An unknown document or run has ended too. */
const isEnded = (view: DocumentView | undefined): boolean =>
  view === undefined || view.status === 'finished'

const documentOf = ({ ending, step }: StoredEvent): string | null =>
  step?.documentId ?? ending?.documentId ?? null

const laterOf = (after: string, { id }: StoredEvent): string => (isAfter(id, after) ? id : after)
