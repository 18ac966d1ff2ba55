import type { SSEMessage } from '@fastify/sse'
import type { DocumentViews } from '../views/document-view.ts'
import { isAfter, type EventHub, type StoredEvent } from './event-hub.ts'
import type { RunViews } from '../views/run-view.ts'
import type { DocumentView } from '../schemas/document.ts'
import { shownEnding } from '../views/shown.ts'

interface Deps {
  hub: EventHub
  documents: DocumentViews
  runs: RunViews
}

/** Where a watcher stands: behind which event, and whether it was told the end too. */
export interface Seen {
  after: string
  hasSeenEnd: boolean
}

/** Progress of a run is told this often, and a quiet stream is looked after, milliseconds. */
const tellMs = 1_000
/** For events that were told before the end was seen, and not yet read. */
const lastMs = 150
const endMark = '-end'

/** Reads what a client gives back as Last-Event-ID; null where it is none of ours. */
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
 * What those get who follow a document or a run: first how it stands, then each event, at last its end.
 * With the id of the event that came last, what was missed is told before anything new, and nothing at all where the
 * end was the last. Redis keeps the events of a run for a day after the last one, and 20 000 of a folder run.
 */
export function createEventStreams({ hub, documents, runs }: Deps) {
  return {
    async *ofDocument(
      id: string,
      runId: string,
      seen: Seen | null,
      signal: AbortSignal,
    ): AsyncGenerator<SSEMessage> {
      let after = seen?.after ?? (await hub.tip(runId))
      const first = await documents.find(id)
      if (first !== undefined && (seen === null || !isEnded(first))) {
        yield { event: 'document', data: first }
      }
      while (!signal.aborted) {
        const isOver = isEnded(await documents.find(id))
        const events = await nextEvents(hub, runId, after, isOver, signal)
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
      let after = seen?.after ?? (await hub.tip(runId))
      let told = ''
      while (!signal.aborted) {
        // First of all: who sees a run ended finds all of its events.
        const isOver = await runs.isOver(runId)
        if (!isOver || seen === null) {
          const view = await runs.find(runId)
          const text = JSON.stringify(view)
          if (view !== undefined && text !== told) yield { event: 'progress', data: view }
          told = text
        }
        const events = await nextEvents(hub, runId, after, isOver, signal)
        for (const event of events) {
          after = laterOf(after, event)
          yield event.step
            ? { id: event.id, event: event.step.type, data: event.step }
            : { id: event.id, event: 'document', data: shownEnding(event.ending) }
        }
        if (!isOver || events.length > 0) continue
        if (seen?.hasSeenEnd !== true || after !== seen.after) {
          yield finished(after, (await runs.find(runId)) ?? { id: runId })
        }
        return
      }
    },
  }
}

/** What came of something that is over is on its way to Redis or there: a busy machine is not to be taken for its end. */
async function nextEvents(
  hub: EventHub,
  runId: string,
  after: string,
  isOver: boolean,
  signal: AbortSignal,
): Promise<StoredEvent[]> {
  const events = await hub.next(runId, after, isOver ? lastMs : tellMs, signal)
  return isOver && events.length === 0 ? hub.rest(runId, after) : events
}

export type EventStreams = ReturnType<typeof createEventStreams>

/** What nobody knows any more has ended too. */
const isEnded = (view: DocumentView | undefined): boolean =>
  view === undefined || view.status === 'finished'

const documentOf = ({ ending, step }: StoredEvent): string | null =>
  step?.documentId ?? ending?.documentId ?? null

const laterOf = (after: string, { id }: StoredEvent): string => (isAfter(id, after) ? id : after)
