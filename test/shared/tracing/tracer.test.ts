import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTracer } from '../../../shared/tracing/open-tracer.ts'
import { rootIdOf, traceIdOf, untraced } from '../../../shared/tracing/tracer.ts'
import { startCollector } from '../../helpers/api/collector.ts'

const quiet = { error: () => undefined, warn: () => undefined, info: () => undefined }
const runId = 'r3b241101e2bb42558caf4136c566a962'
const settingsOf = (endpoint: string, headers?: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  ...(headers !== undefined && { OTEL_EXPORTER_OTLP_HEADERS: headers }),
})

test('without a collector nothing is traced', async () => {
  assert.equal(await openTracer('api', {}, quiet), untraced)
})

test('spans of different processes belong to one trace, below the root of their run', async (t) => {
  const { url, spans } = await startCollector(t)
  const settings = settingsOf(`${url}/`, 'x-key=a%20b, other=1')
  const [worker, aggregator] = [
    await openTracer('worker', settings, quiet),
    await openTracer('aggregator', settings, quiet),
  ]
  const parts = [{ name: 'open', startMs: 1_000.5, endMs: 1_100, attributes: { engine: 'x' } }]
  worker.add({ runId, name: 'page', startMs: 1_000, endMs: 2_000, parts, error: 'it broke' })
  aggregator.add({ runId, name: 'run', startMs: 500, endMs: 3_000, isRoot: true })
  await Promise.all([worker.close(), aggregator.close()])
  const of = (name: string) => spans.find((span) => span.name === name)
  assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([traceIdOf(runId)]))
  assert.equal(traceIdOf(runId), runId.slice(1))
  assert.equal(of('run')?.spanId, rootIdOf(runId))
  assert.equal(of('run')?.parentSpanId, undefined)
  assert.equal(of('page')?.parentSpanId, rootIdOf(runId))
  assert.equal(of('open')?.parentSpanId, of('page')?.spanId)
  assert.equal(of('open')?.startTimeUnixNano, '1000500000')
  assert.deepEqual(of('page')?.status, { code: 2, message: 'it broke' })
  assert.deepEqual(of('open')?.attributes, [{ key: 'engine', value: { stringValue: 'x' } }])
  assert.equal(of('page')?.service, 'scriptorium-worker')
  assert.equal(of('page')?.headers['x-key'], 'a b')
})

test('a run whose id is no trace id has one that follows from it', () => {
  assert.match(traceIdOf('some run'), /^[0-9a-f]{32}$/)
  assert.equal(traceIdOf('some run'), traceIdOf('some run'))
})

test('spans that a collector rejects are dropped with a message, and later ones arrive', async (t) => {
  const { url, spans, state } = await startCollector(t)
  const said: object[] = []
  const log = { ...quiet, warn: (about: object) => void said.push(about) }
  state.status = 503
  const first = await openTracer('api', settingsOf(url), log)
  first.add({ runId, name: 'lost', startMs: 1, endMs: 2 })
  await first.close()
  assert.equal(said.length, 1)
  assert.partialDeepStrictEqual(said[0], { dropped: 1 })
  state.status = 200
  const second = await openTracer('api', settingsOf(url), log)
  second.add({ runId, name: 'sent', startMs: 1, endMs: 2 })
  await second.close()
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['sent'],
  )
})
