import { setTimeout as delay } from 'node:timers/promises'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import {
  documentStepSchema,
  feedEventSchema,
  runEventSchema,
  type DocumentStep,
  type FeedEvent,
  type RunEvent,
} from '../../../shared/contract/messages/progress.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'

const parseEnding = createParser("a run's event", runEventSchema)
const parseStep = createParser("a document's step", documentStepSchema)
const parseFeed = createParser('an event of the feed', feedEventSchema)

/** One entry of an event stream, of a run or of the whole service; clients send `id` back as Last-Event-ID. */
export type StoredEvent = { id: string } & (
  | { ending: RunEvent; step?: never; fed?: never }
  | { step: DocumentStep; ending?: never; fed?: never }
  | { fed: FeedEvent; ending?: never; step?: never }
)

const pollMs = 100
const maxAtATime = 500

interface Waiting {
  key: string
  after: string
  deliver: (events: StoredEvent[]) => void
}

/**
 * Reads event streams for all watchers: one command every 100 ms for any number of them, and none without a
 * watcher. Each watcher has its own position in the stream, so a slow one delays no other.
 */
export function createEventHub(redis: Redis, onTrouble: (thrown: unknown) => void) {
  let waiting: Waiting[] = []
  let isPolling = false

  const poll = async (): Promise<void> => {
    if (isPolling) return
    isPolling = true
    while (waiting.length > 0) {
      await delay(pollMs)
      const asked = waiting
      try {
        const found = await read(asked)
        waiting = waiting.filter((entry) => !found.has(entry))
        for (const [entry, events] of found) entry.deliver(events)
      } catch (thrown) {
        onTrouble(thrown) // Redis is unreachable: the streams exist again when it is back.
      }
    }
    isPolling = false
  }

  /** An entry that cannot be parsed, perhaps of a newer version, is skipped, so that it does not block all watchers. */
  const understand = (id: string, fields: string[]): StoredEvent[] => {
    try {
      return toEvent(id, fields)
    } catch (thrown) {
      onTrouble(thrown)
      return []
    }
  }

  const read = async (asked: readonly Waiting[]): Promise<Map<Waiting, StoredEvent[]>> => {
    const found = new Map<Waiting, StoredEvent[]>()
    for (const places of layers(asked)) {
      const streams = await redis.xread(
        ...(['COUNT', maxAtATime, 'STREAMS'] as const),
        ...places.keys(),
        ...places.values(),
      )
      for (const [key, entries] of streams ?? []) {
        const events = entries.flatMap(([id, fields]) => understand(id, fields))
        if (events.length === 0) continue
        const ofPlace = asked.filter(
          (entry) => entry.key === key && entry.after === places.get(key),
        )
        for (const entry of ofPlace) found.set(entry, events)
      }
    }
    return found
  }

  return {
    /** The position after the newest event: a watcher that starts here gets later events only. */
    async tip(key: string): Promise<string> {
      const [newest] = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
      return newest?.[0] ?? '0-0'
    },
    /** Returns the present events behind `after`, at most one batch. */
    async rest(key: string, after: string): Promise<StoredEvent[]> {
      const entry: Waiting = { key, after, deliver: () => undefined }
      return (await read([entry])).get(entry) ?? []
    },
    /** The next events after `after`, or none after `withinMs` or when `signal` aborts. */
    async next(
      key: string,
      after: string,
      withinMs: number,
      signal: AbortSignal,
    ): Promise<StoredEvent[]> {
      const { promise, resolve } = Promise.withResolvers<StoredEvent[]>()
      const entry: Waiting = { key, after, deliver: resolve }
      const giveUp = (): void => {
        waiting = waiting.filter((other) => other !== entry)
        resolve([])
      }
      const timer = setTimeout(giveUp, withinMs)
      signal.addEventListener('abort', giveUp)
      waiting.push(entry)
      void poll()
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
      }
    },
    close(): void {
      for (const { deliver } of waiting) deliver([])
      waiting = []
    },
  }
}

/** One command takes one place of each stream; watchers at different places of one stream need more. */
function layers(asked: readonly Waiting[]): Map<string, string>[] {
  const all: Map<string, string>[] = []
  for (const { key, after } of asked) {
    if (all.some((places) => places.get(key) === after)) continue
    const free = all.find((places) => !places.has(key))
    if (free === undefined) all.push(new Map([[key, after]]))
    else free.set(key, after)
  }
  return all
}

export type EventHub = ReturnType<typeof createEventHub>

function toEvent(id: string, [field, text = '']: string[]): StoredEvent[] {
  if (field === 'e') return [{ id, ending: parseEnding(JSON.parse(text)) }]
  if (field === 'd') return [{ id, fed: parseFeed(JSON.parse(text)) }]
  if (field === 's') return [{ id, step: parseStep(JSON.parse(text)) }]
  return []
}

/** Compares stream ids, `<milliseconds>-<number>`. */
export function isAfter(id: string, other: string): boolean {
  const [ms = 0, n = 0] = id.split('-').map(Number)
  const [otherMs = 0, otherN = 0] = other.split('-').map(Number)
  return ms > otherMs || (ms === otherMs && n > otherN)
}
