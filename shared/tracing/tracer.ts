import { hash, randomBytes } from 'node:crypto'
import type { Lines } from '../process/outage-log.ts'

/** One piece of work of a run; times are milliseconds since 1970. */
export interface RunSpan {
  runId: string
  name: string
  startMs: number
  endMs: number
  attributes?: Readonly<Record<string, string | number>>
  /** Why it failed. */
  error?: string | undefined
  /** The root of the run's trace. */
  isRoot?: boolean
  /** Pieces of it, in order. */
  parts?: readonly Omit<RunSpan, 'runId' | 'isRoot' | 'parts'>[]
}

export interface Tracer {
  add: (span: RunSpan) => void
  /** Sends the spans that wait. Never rejects. */
  close: () => Promise<void>
}

/** Where no collector is configured, nothing is kept and nothing sent. */
export const untraced: Tracer = { add: () => undefined, close: () => Promise.resolve() }

/** Passes spans to a collector in the form of OpenTelemetry. */
export type SendSpans = (spans: readonly OtlpSpan[]) => Promise<void>

export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: 1
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: { stringValue: string } | { doubleValue: number } }[]
  status: { code: 0 | 2; message?: string }
}

const sendEveryMs = 2_000
const maxWaiting = 5_000

/**
 * The trace of a run. Its ids follow from the run's id, so that no message between processes carries a context: a job
 * that was lost, repeated or added again after a crash still belongs to its trace.
 */
export const traceIdOf = (runId: string): string =>
  /^r[0-9a-f]{32}$/.test(runId) ? runId.slice(1) : hash('sha256', runId).slice(0, 32)
export const rootIdOf = (runId: string): string => hash('sha256', `root ${runId}`).slice(0, 16)

/** Keeps spans for a moment, and sends them together. A collector that does not answer costs spans, never work. */
export function createTracer(send: SendSpans, log: Lines): Tracer {
  let waiting: OtlpSpan[] = []
  let dropped = 0
  const flush = async (): Promise<void> => {
    const spans = waiting
    waiting = []
    if (spans.length === 0) return
    await send(spans).catch((thrown: unknown) => {
      dropped += spans.length
      log.warn({ err: thrown, dropped }, 'the collector of traces rejects spans, they are dropped')
    })
  }
  let sending: Promise<void> | undefined
  const timer = setInterval(() => {
    sending ??= flush().finally(() => (sending = undefined))
  }, sendEveryMs)
  timer.unref()
  return {
    add(span) {
      const spans = toOtlp(span)
      if (waiting.length + spans.length > maxWaiting) dropped += spans.length
      else waiting.push(...spans)
    },
    async close() {
      clearInterval(timer)
      await sending
      await flush()
    },
  }
}

function toOtlp({ runId, isRoot = false, parts = [], ...span }: RunSpan): OtlpSpan[] {
  const traceId = traceIdOf(runId)
  const rootId = rootIdOf(runId)
  const spanId = isRoot ? rootId : randomBytes(8).toString('hex')
  const whole = spanOf(traceId, spanId, isRoot ? undefined : rootId, {
    ...span,
    attributes: { 'scriptorium.run_id': runId, ...span.attributes },
  })
  return [
    whole,
    ...parts.map((part) => spanOf(traceId, randomBytes(8).toString('hex'), spanId, part)),
  ]
}

const spanOf = (
  traceId: string,
  spanId: string,
  parentSpanId: string | undefined,
  { name, startMs, endMs, attributes = {}, error }: Omit<RunSpan, 'runId' | 'isRoot' | 'parts'>,
): OtlpSpan => ({
  traceId,
  spanId,
  ...(parentSpanId !== undefined && { parentSpanId }),
  name,
  kind: 1,
  startTimeUnixNano: nanosOf(startMs),
  endTimeUnixNano: nanosOf(Math.max(startMs, endMs)),
  attributes: Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
  })),
  status: error === undefined ? { code: 0 } : { code: 2, message: error },
})

/** Fractions of a microsecond are noise. */
const nanosOf = (ms: number): string => `${BigInt(Math.round(ms * 1_000))}000`
