import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootIdOf, traceIdOf } from '../../../shared/tracing/tracer.ts'
import { startCollector } from '../../helpers/api/collector.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

test('An upload is one trace through API, queue, worker, stream and ledger', async (t) => {
  const scene = createScene(t)
  const { url, spans } = await startCollector(t)
  const { client } = await startService(scene, { OTEL_EXPORTER_OTLP_ENDPOINT: url })
  const { runId, id } = oneOf(await client.upload([await fileOf('traced')], { wait: 30 }))
  const ofRun = () => spans.filter(({ traceId }) => traceId === traceIdOf(runId))
  const wanted = ['run', 'accept', 'queue', 'page', 'open', 'prepare', 'recognise', 'record']
  const names = [...wanted, 'stream', 'ledger']
  const found = await waitFor('every span arrives', () => {
    const all = ofRun()
    return names.every((name) => all.some((span) => span.name === name)) && all
  })
  assert.equal(found.length, names.length, found.map(({ name }) => name).join())
  const of = (name: string) => found.find((span) => span.name === name)
  for (const name of ['accept', 'queue', 'page', 'record'])
    assert.equal(of(name)?.parentSpanId, rootIdOf(runId), name)
  for (const name of ['open', 'prepare', 'recognise'])
    assert.equal(of(name)?.parentSpanId, of('page')?.spanId, name)
  assert.deepEqual(
    ['accept', 'page', 'record'].map((name) => of(name)?.service),
    ['scriptorium-api', 'scriptorium-worker', 'scriptorium-aggregator'],
  )
  const documentId = of('page')?.attributes.find(({ key }) => key === 'documentId')?.value
  assert.deepEqual(documentId, { stringValue: id })
})
