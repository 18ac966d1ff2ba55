import { toError } from '../../../shared/process/errors.ts'
import type { FeedEvent } from '../../../shared/contract/messages/progress.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { toEnding } from './document-event.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  outages: Lines
}

/** A watcher that reconnects later than this many ends misses some. 300 bytes each. */
const keptEvents = 10_000

/** Publishes the ends of documents of all runs, for people who watch; the ledger answers everybody else. */
export function createFeed({ ledger, redis, keys, outages }: Deps) {
  const eventOf = (id: string): FeedEvent[] => {
    const document = ledger.documents.get(id)
    if (document?.state !== 'final') return []
    const ending = toEnding(document, ledger.pages.summary(id))
    return [{ ...ending, runId: document.runId, at: new Date().toISOString() }]
  }
  /** Never rejects. */
  return async (ids: readonly string[]): Promise<void> => {
    const events = ids.flatMap(eventOf)
    if (events.length === 0) return
    const pipeline = redis.pipeline()
    for (const event of events)
      pipeline.xadd(keys.feed, 'MAXLEN', '~', keptEvents, '*', 'd', JSON.stringify(event))
    pipeline.expire(keys.feed, ttl.finishedRun)
    const failed = await pipeline
      .exec()
      .then((answers) => answers?.find(([error]) => error !== null)?.[0], toError)
    if (failed) outages.warn({ err: failed }, 'publishing the feed failed')
  }
}
