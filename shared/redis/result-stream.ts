import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { ScriptoriumError, toError, type ErrorCode } from '../process/errors.ts'
import { ttl, type Keys } from './keys.ts'
import type { Lease } from './lease.ts'
import { acceptanceSchema, type Acceptance } from '../contract/messages/command.ts'
import { createParser } from '../contract/messages/parser.ts'
import type { DocumentStep } from '../contract/messages/progress.ts'
import { reportSchema, type WorkerReport } from '../contract/messages/worker-report.ts'
import { documentJobId, pageOf } from './queue.ts'
import type { Redis } from './connection/redis.ts'
import { createScript, type RedisCommand } from './connection/redis-script.ts'
import { upgradeAcceptance, upgradeWorkerReport } from '../contract/schema/upgrades.ts'

/**
 * Maximum length of one report as JSON, characters: the densest printed page comes to 2 million. Its reader needs six
 * times as much memory.
 */
const maxReportChars = 32 * 2 ** 20
const maxUnpackedBytes = 4 * maxReportChars

/** Compresses any JSON value; for stream entries and for pages in the ledger. */
export const pack = (value: unknown): Buffer => compress(JSON.stringify(value))

const compress = (json: string): Buffer => zstdCompressSync(Buffer.from(json))

/** The inverse of `pack`; the caller parses the result. */
export const unpack = (bytes: Uint8Array): unknown =>
  JSON.parse(zstdDecompressSync(bytes, { maxOutputLength: maxUnpackedBytes }).toString())

/** A report, or in place of one so long that it endangers its readers, the failure of its page. */
function packReport(report: WorkerReport): Buffer {
  const json = JSON.stringify(report)
  if (json.length <= maxReportChars) return compress(json)
  const message = `its text and boxes come to ${json.length} characters, more than ${maxReportChars}`
  return pack({ ...failed(report, 'too_large', message), outcome: 'rejected' })
}

/** Entries of the results stream: worker reports, and uploads accepted by the API. */
export type StreamEntry = WorkerReport | Acceptance

const parseReport = createParser('a worker report', reportSchema, upgradeWorkerReport)
const parseAcceptance = createParser('an acceptance', acceptanceSchema, upgradeAcceptance)

function parseEntry(value: unknown): StreamEntry {
  const isAccepted =
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'accepted'
  if (isAccepted) return parseAcceptance(value)
  try {
    return parseReport(value)
  } catch (thrown) {
    const error = toError(thrown)
    const isDamaged = error instanceof ScriptoriumError && error.code === 'bad_message'
    const report = isDamaged ? failureOf(value, error) : undefined
    if (report === undefined) throw thrown
    return report
  }
}

/** A malformed report of this version: its job failed, with a reason; otherwise clients would wait for ever. */
function failureOf(value: unknown, { message }: Error): WorkerReport | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { jobId, documentId } = value as Record<string, unknown>
  if (typeof jobId !== 'string' || typeof documentId !== 'string') return undefined
  return failed({ jobId, documentId }, 'bad_message', `${message}; run one version everywhere`)
}

/** Reports that a job failed, in place of the report that it should have sent. */
export function failed(
  { jobId, documentId }: Pick<WorkerReport, 'jobId' | 'documentId'>,
  code: ErrorCode,
  message: string,
): Extract<WorkerReport, { kind: 'failed' }> {
  return {
    v: 1,
    kind: 'failed',
    jobId,
    documentId,
    outcome: 'failed',
    error: { code, message },
    attempts: 1,
    worker: 'unknown',
    page: pageOf(jobId),
    pagesTotal: null,
    input: null,
  }
}

/**
 * The API's end of the stream. An acceptance precedes the first report about its documents, because their jobs are
 * added after it.
 */
export async function announce(redis: Redis, keys: Keys, acceptance: Acceptance): Promise<void> {
  const { runId } = acceptance.request
  await redis.xadd(keys.results, '*', 'b', pack(acceptance), 'j', runId, 'd', '')
}

/**
 * The mark is the entry's id, so that a reader can check whether the report is still on the stream. The job and
 * document ids stand beside it, for the case that the payload cannot be decoded.
 */
const appendReport = createScript(`
  local id = redis.call('XADD', KEYS[1], '*', 'b', ARGV[1], 'j', ARGV[3], 'd', ARGV[4])
  redis.call('SET', KEYS[2], id, 'EX', ARGV[2])
  redis.call('DEL', KEYS[3])
`)

/** The worker's end of the results stream. */
export function createReporter(redis: Redis, keys: Keys) {
  return {
    /**
     * Appends a report and marks its job as done atomically, so that a second delivery of the job finds either both or
     * neither. Never MAXLEN on this stream: it would drop uncollected entries.
     */
    async report(report: WorkerReport): Promise<void> {
      const { jobId, documentId } = report
      const names = [keys.results, keys.done(jobId), keys.begun(jobId)]
      await appendReport(redis, names, [packReport(report), ttl.done, jobId, documentId])
    },
    /** Reports that an attempt failed and will be retried; its job continues. */
    async reportRetry(report: Extract<WorkerReport, { kind: 'retrying' }>): Promise<void> {
      await redis.xadd(keys.results, '*', 'b', pack(report))
    },
    /**
     * Returns the history of a job: whether one delivery reported, how many workers died over it, and whether it is
     * cancelled.
     */
    async history(jobId: string): Promise<JobHistory> {
      const documentJob = documentJobId(jobId)
      const [done, begun, cancelled, crashed] = await redis.mget(
        keys.done(jobId),
        keys.begun(jobId),
        keys.cancelled(documentJob),
        keys.crashed(documentJob),
      )
      return {
        isDone: typeof done === 'string',
        isCancelled: typeof cancelled === 'string',
        crashes: Number(begun ?? 0),
        crashedPages: Number(crashed ?? 0),
      }
    },
    /** Returns which of these document jobs are cancelled. */
    async cancelled(documentJobIds: readonly string[]): Promise<string[]> {
      if (documentJobIds.length === 0) return []
      const answers = await redis.mget(documentJobIds.map((id) => keys.cancelled(id)))
      return documentJobIds.filter((_, index) => typeof answers[index] === 'string')
    },
    /** Notifies watchers of an upload that a worker is reading one of its pages. Nobody awaits its delivery. */
    tell(runId: string, step: DocumentStep): void {
      const key = keys.events(runId)
      redis
        .pipeline()
        .xadd(key, '*', 's', JSON.stringify(step))
        .expire(key, ttl.finishedRun)
        .exec()
        .catch(() => undefined)
    },
    /** Number of uncollected entries: workers pause while it is high. */
    backlog: () => redis.xlen(keys.results),
  }
}

export interface JobHistory {
  isDone: boolean
  isCancelled: boolean
  crashes: number
  /** Pages of its document that were given up because they crashed their worker. */
  crashedPages: number
}

export type Reporter = ReturnType<typeof createReporter>

/** One entry as taken from the stream. */
export interface Taken {
  id: string
  /** Undefined where the entry was deleted in the meantime. */
  payload: Buffer | undefined
  /** The ids of its report; for an acceptance the run and no document; missing from older versions. */
  of: Pick<WorkerReport, 'jobId' | 'documentId'> | undefined
}

const group = 'aggregator'
/** Entries delivered this long ago and never acknowledged are taken over, milliseconds. */
const abandonedMs = 15_000

type StreamEntries = [id: Buffer, fields: Buffer[] | null][]

/** A full Redis refuses to create a group, and without a group it never drains: this takes only a few hundred bytes. */
const createGroup = createScript(`#!lua flags=allow-oom
  return redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
`)

/**
 * The aggregator's end. `redis` must be its own connection: reading blocks it. Only the holder of `lease` reads, and
 * removes entries from the stream.
 */
export function createResultReader(redis: Redis, keys: Keys, consumer: string, lease: Lease) {
  let hasReconnected = false
  redis.on('ready', () => (hasReconnected = true))
  const read = async (from: string, count: number, blockMs: number): Promise<Taken[]> => {
    await lease.held()
    const streams = await redis.xreadgroupBuffer(
      ...(['GROUP', group, consumer, 'COUNT', count, 'BLOCK', blockMs] as const),
      ...(['STREAMS', keys.results, from] as const),
    )
    return (streams?.[0]?.[1] ?? []).map(toTaken)
  }
  return {
    async open(): Promise<void> {
      await createGroup(redis, [keys.results], [group]).catch((thrown: unknown) => {
        if (!toError(thrown).message.startsWith('BUSYGROUP')) throw thrown
      })
    },
    /**
     * True once after each reconnection: entries delivered while the connection broke are pending, and the
     * automatically repeated read returns others.
     */
    mayHaveMissed(): boolean {
      const may = hasReconnected
      hasReconnected = false
      return may
    },
    /** Entries that this consumer took and never acknowledged. */
    pending: (after: string, count: number) => read(after, count, 1),
    /** New entries; waits `blockMs` for the first. Redis's socket timeout must be longer. */
    next: (count: number, blockMs: number) => read('>', count, blockMs),
    /** Takes over entries that another consumer abandoned. */
    async abandoned(count: number): Promise<Taken[]> {
      await lease.held()
      const answer = (await redis.callBuffer(
        ...(['XAUTOCLAIM', keys.results, group, consumer] as const),
        ...([abandonedMs, '0-0', 'COUNT', count] as const),
      )) as [Buffer, StreamEntries]
      return answer[1].map(toTaken)
    },
    /**
     * Removes entries from the stream, and lets reported jobs be read again when they are added again. All of it only
     * frees memory, so a full Redis accepts it; it would reject a transaction (MULTI).
     */
    async acknowledge(ids: readonly string[], readAgain: readonly string[] = []): Promise<void> {
      const commands: RedisCommand[] = []
      if (readAgain.length > 0) commands.push(['DEL', ...readAgain.map((id) => keys.done(id))])
      if (ids.length > 0) {
        commands.push(['XACK', keys.results, group, ...ids], ['XDEL', keys.results, ...ids])
      }
      if (commands.length > 0) await lease.write(commands)
    },
  }
}

export type ResultReader = ReturnType<typeof createResultReader>

function toTaken([id, fields]: StreamEntries[number]): Taken {
  const [, payload, , jobId, , documentId] = fields ?? []
  const isNamed = jobId !== undefined && documentId !== undefined
  const of = isNamed ? { jobId: jobId.toString(), documentId: documentId.toString() } : undefined
  return { id: id.toString(), payload, of }
}

/** Returns an entry's content, or the reason why it is malformed. */
export function openEntry({ payload }: Taken): { entry: StreamEntry } | { error: Error } {
  try {
    if (payload === undefined) return { error: new Error('the entry has no payload') }
    return { entry: parseEntry(unpack(payload)) }
  } catch (thrown) {
    return { error: toError(thrown) }
  }
}
