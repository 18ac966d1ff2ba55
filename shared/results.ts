import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { toError } from './errors.ts'
import { ttl, type Keys } from './keys.ts'
import {
  acceptanceSchema,
  createParser,
  reportSchema,
  type Acceptance,
  type DocumentStep,
  type WorkerReport,
} from './messages.ts'
import { documentJobId } from './queue.ts'
import type { Redis } from './redis.ts'

/** Compresses anything that JSON holds; for stream entries and for pages in the ledger. */
export const pack = (value: unknown): Buffer => zstdCompressSync(Buffer.from(JSON.stringify(value)))

/** The inverse of `pack`; the caller parses what comes back. */
export const unpack = (bytes: Uint8Array): unknown =>
  JSON.parse(zstdDecompressSync(bytes).toString())

/** What the results stream holds: what workers report, and what the API has taken in. */
export type StreamEntry = WorkerReport | Acceptance

const parseReport = createParser('a worker report', reportSchema)
const parseAcceptance = createParser('an acceptance', acceptanceSchema)

function parseEntry(value: unknown): StreamEntry {
  const isAccepted =
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'accepted'
  return isAccepted ? parseAcceptance(value) : parseReport(value)
}

/**
 * The API's end of the stream. An acceptance goes before the first report about its documents, because their jobs are
 * added after it. The documents' stand-ins answer for them until the ledger knows them.
 */
export async function announce(redis: Redis, keys: Keys, acceptance: Acceptance): Promise<void> {
  const transaction = redis
    .multi()
    .xadd(keys.results, '*', 'b', pack(acceptance))
    .set(keys.accepted(acceptance.request.runId), '1', 'EX', ttl.accepted)
  for (const { documentId } of acceptance.documents) {
    transaction.set(keys.accepted(documentId), JSON.stringify(acceptance), 'EX', ttl.accepted)
  }
  const answers = await transaction.exec()
  const failure = answers?.find(([error]) => error !== null)?.[0]
  if (failure) throw failure
}

/** The worker's end of the results stream. */
export function createReporter(redis: Redis, keys: Keys) {
  return {
    /**
     * Appends a report and marks its job as done in one transaction, so that a second delivery of the job finds
     * either both or neither. Never MAXLEN on this stream: it would drop what nobody has collected yet.
     */
    async report(report: WorkerReport): Promise<void> {
      const { jobId } = report
      const answers = await redis
        .multi()
        .xadd(keys.results, '*', 'b', pack(report))
        .set(keys.done(jobId), '1', 'EX', ttl.done)
        .del(keys.begun(jobId))
        .exec()
      const failure = answers?.find(([error]) => error !== null)?.[0]
      if (failure) throw failure
    },
    /** What became of a job so far: whether one delivery reported, how many died at work, and whether it is wanted still. */
    async history(jobId: string): Promise<JobHistory> {
      const [done, begun, cancelled] = await redis.mget(
        keys.done(jobId),
        keys.begun(jobId),
        keys.cancelled(documentJobId(jobId)),
      )
      return {
        isDone: typeof done === 'string',
        isCancelled: typeof cancelled === 'string',
        crashes: Number(begun ?? 0),
      }
    },
    /** Those of these documents' jobs that nobody wants any more. */
    async cancelled(documentJobIds: readonly string[]): Promise<string[]> {
      if (documentJobIds.length === 0) return []
      const answers = await redis.mget(documentJobIds.map((id) => keys.cancelled(id)))
      return documentJobIds.filter((_, index) => typeof answers[index] === 'string')
    },
    /** Tells those who watch an upload that a page of it is being read. Nobody waits for this to arrive. */
    tell(runId: string, step: DocumentStep): void {
      const key = keys.events(runId)
      redis
        .pipeline()
        .xadd(key, '*', 's', JSON.stringify(step))
        .expire(key, ttl.finishedRun)
        .exec()
        .catch(() => undefined)
    },
    /** Entries that nobody has collected yet: workers pause while it is high. */
    backlog: () => redis.xlen(keys.results),
  }
}

export interface JobHistory {
  isDone: boolean
  isCancelled: boolean
  crashes: number
}

export type Reporter = ReturnType<typeof createReporter>

/** One entry of the stream as it was collected, or why it cannot be understood. */
export type Collected = { id: string } & ({ entry: StreamEntry } | { error: Error })

const group = 'aggregator'
/** Entries of a consumer that stayed silent for this long are taken over, milliseconds. */
const abandonedMs = 60_000

type StreamEntries = [id: Buffer, fields: Buffer[] | null][]

/** The aggregator's end. `redis` must be its own connection: reading blocks it. */
export function createResultReader(redis: Redis, keys: Keys, consumer: string) {
  const read = async (from: string, count: number, blockMs: number): Promise<Collected[]> => {
    const streams = await redis.xreadgroupBuffer(
      ...(['GROUP', group, consumer, 'COUNT', count, 'BLOCK', blockMs] as const),
      ...(['STREAMS', keys.results, from] as const),
    )
    return (streams?.[0]?.[1] ?? []).map(decode)
  }
  return {
    async open(): Promise<void> {
      await redis
        .xgroup('CREATE', keys.results, group, '0', 'MKSTREAM')
        .catch((thrown: unknown) => {
          if (!toError(thrown).message.startsWith('BUSYGROUP')) throw thrown
        })
    },
    /** What this consumer took before it died and never acknowledged. */
    pending: (after: string, count: number) => read(after, count, 1),
    /** New entries; waits `blockMs` for the first. Redis's socket timeout must be longer. */
    next: (count: number, blockMs: number) => read('>', count, blockMs),
    /** Takes over what another consumer left lying. */
    async abandoned(count: number): Promise<Collected[]> {
      const answer = (await redis.callBuffer(
        ...(['XAUTOCLAIM', keys.results, group, consumer] as const),
        ...([abandonedMs, '0-0', 'COUNT', count] as const),
      )) as [Buffer, StreamEntries]
      return answer[1].map(decode)
    },
    /** Lets jobs that have reported be read again when they are added again. */
    async letReadAgain(jobIds: readonly string[]): Promise<void> {
      if (jobIds.length > 0) await redis.del(jobIds.map((jobId) => keys.done(jobId)))
    },
    async acknowledge(ids: readonly string[]): Promise<void> {
      if (ids.length === 0) return
      await redis
        .multi()
        .xack(keys.results, group, ...ids)
        .xdel(keys.results, ...ids)
        .exec()
    },
  }
}

export type ResultReader = ReturnType<typeof createResultReader>

function decode([id, fields]: StreamEntries[number]): Collected {
  const collected = { id: id.toString() }
  try {
    // Fields are `b`, payload; null where the entry was deleted under us.
    const payload = fields?.[1]
    if (payload === undefined) return { ...collected, error: new Error('the entry has no payload') }
    return { ...collected, entry: parseEntry(unpack(payload)) }
  } catch (thrown) {
    return { ...collected, error: toError(thrown) }
  }
}
