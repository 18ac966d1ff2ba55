import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { toError } from './errors.ts'
import { ttl, type Keys } from './keys.ts'
import { createParser, reportSchema, type WorkerReport } from './messages.ts'
import type { Redis } from './redis.ts'

/** Compresses anything that JSON holds; for stream entries and for pages in the ledger. */
export const pack = (value: unknown): Buffer => zstdCompressSync(Buffer.from(JSON.stringify(value)))

/** The inverse of `pack`; the caller parses what comes back. */
export const unpack = (bytes: Uint8Array): unknown =>
  JSON.parse(zstdDecompressSync(bytes).toString())

const parseReport = createParser('a worker report', reportSchema)

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
    /** What became of earlier deliveries of a job: whether one reported, and how many died at work. */
    async history(jobId: string): Promise<{ isDone: boolean; crashes: number }> {
      const [done, begun] = await redis.mget(keys.done(jobId), keys.begun(jobId))
      return { isDone: typeof done === 'string', crashes: Number(begun ?? 0) }
    },
    /** Entries that nobody has collected yet: workers pause while it is high. */
    backlog: () => redis.xlen(keys.results),
  }
}

export type Reporter = ReturnType<typeof createReporter>

/** One entry of the stream: a report, or why it cannot be understood. */
export type Collected = { id: string } & ({ report: WorkerReport } | { error: Error })

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
  const entry = { id: id.toString() }
  try {
    // Fields are `b`, payload; null where the entry was deleted under us.
    const payload = fields?.[1]
    if (payload === undefined) return { ...entry, error: new Error('the entry has no payload') }
    return { ...entry, report: parseReport(unpack(payload)) }
  } catch (thrown) {
    return { ...entry, error: toError(thrown) }
  }
}
