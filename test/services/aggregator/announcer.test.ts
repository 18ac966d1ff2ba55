import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createAnnouncer } from '../../../services/aggregator/announcer.ts'
import { createOutbox } from '../../../services/aggregator/webhooks/outbox.ts'
import type { WebhookEvent } from '../../../shared/webhook.ts'
import { makeLedger, makePlan } from '../../helpers/ledger.ts'
import { input, makePage, makeRequest, makeRun, makeUploadRequest } from '../../helpers/records.ts'

const webhook = {
  id: 'h1',
  url: 'https://example.org',
  events: ['document.finished' as const],
  tag: null,
  secret: 'a secret',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const labelled = (tag: string) => ({ labels: { tag, metadata: { order: `of ${tag}` } } })

/** An announcer whose ledger has a webhook, and all that it has told. */
function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  ledger.webhooks.add(webhook)
  const told: { event: WebhookEvent; tag: string | null; data: object }[] = []
  const enqueue = (event: WebhookEvent, tag: string | null, data: object): void =>
    void told.push({ event, tag, data })
  return { ledger, told, announcer: createAnnouncer({ ledger, enqueue }) }
}

test('a document of a folder is told about with what came of it, under the labels of its run', (t) => {
  const { ledger, told, announcer } = setUp(t)
  ledger.runs.add(makeRequest(labelled('red')), 'fp')
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput('d1', input, 2)
  ledger.pages.putResult('d1', makePage({ page: 1, confidence: 90 }))
  ledger.pages.putResult('d1', makePage({ page: 2, confidence: 70 }))
  ledger.documents.setRead('d1', { outcome: 'succeeded', error: null, worker: 'w' }, null)
  announcer.documentFinal('d1')
  assert.deepEqual(told, [
    {
      event: 'document.finished',
      tag: 'red',
      data: {
        documentId: 'd1',
        runId: 'r1',
        path: 'd1.png',
        sha256: 'abc',
        outcome: 'succeeded',
        error: null,
        pages: 2,
        confidence: 80,
        tag: 'red',
        metadata: { order: 'of red' },
      },
    },
  ])
})

test('an upload that was asked for more than once is told to each, with its own labels', (t) => {
  const { ledger, told, announcer } = setUp(t)
  const plan = makePlan('d1', { run_id: 'u1' })
  ledger.documents.planUpload({ ...plan, sha256: 'abc', media_type: 'image/png' })
  for (const runId of ['u1', 'u2']) {
    ledger.runs.add(makeUploadRequest({ runId, ...labelled(`tag of ${runId}`) }), 'fp')
    ledger.submissions.add(runId, 'd1', 'a.png')
  }
  ledger.runs.add(makeUploadRequest({ runId: 'u3' }), 'fp')
  const error = { code: 'corrupt_image', message: 'is damaged' }
  ledger.documents.fail('d1', 'rejected', error)
  announcer.documentFinal('d1')
  const sorted = told.toSorted((a, b) => ((a.tag ?? '') < (b.tag ?? '') ? -1 : 1))
  assert.deepEqual(
    sorted.map(({ tag, data }) => [tag, Object(data).runId, Object(data).error]),
    [
      ['tag of u1', 'u1', error],
      ['tag of u2', 'u2', error],
    ],
  )
})

test('where nobody listens, or nothing is known, nothing is told', (t) => {
  const { ledger, told, announcer } = setUp(t)
  announcer.documentFinal('unknown')
  ledger.webhooks.remove('h1')
  ledger.documents.plan(makePlan('d1'))
  announcer.documentFinal('d1')
  assert.deepEqual(told, [])
})

test('the end of a run is told with its outcomes', (t) => {
  const { told, announcer } = setUp(t)
  announcer.runEnded(makeRun(labelled('red')), 'cancelled', { succeeded: 2, cancelled: 1 })
  announcer.runEnded(makeRun(), 'finished', {})
  const outcomes = { succeeded: 2, cancelled: 1 }
  const labels = { tag: 'red', metadata: { order: 'of red' } }
  assert.deepEqual(told, [
    {
      event: 'run.finished',
      tag: 'red',
      data: { runId: 'r1', state: 'cancelled', outcomes, ...labels },
    },
    {
      event: 'run.finished',
      tag: null,
      data: { runId: 'r1', state: 'finished', outcomes: {} },
    },
  ])
})

test('what is taken back is not told', (t) => {
  const { ledger } = setUp(t)
  const { enqueue } = createOutbox({ webhooks: ledger.webhooks })
  const announcer = createAnnouncer({ ledger, enqueue })
  ledger.documents.plan(makePlan('d1'))
  const failHalfway = (): void =>
    ledger.transaction(() => {
      announcer.documentFinal('d1')
      throw new Error('half way')
    })
  assert.throws(failHalfway, /half way/)
  assert.deepEqual(ledger.webhooks.deliveries('h1', 10), [])
  ledger.transaction(() => announcer.documentFinal('d1'))
  assert.equal(ledger.webhooks.deliveries('h1', 10).length, 1)
})
