import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createAnnouncer } from '../../../../services/aggregator/events/announcer.ts'
import type { Ledger } from '../../../../services/ledger/ledger.ts'
import { createOutbox } from '../../../../services/aggregator/webhooks/outbox.ts'
import type { WebhookEvent } from '../../../../shared/contract/webhook.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import {
  input,
  makePage,
  makeRequest,
  makeRun,
  makeUploadRequest,
} from '../../../helpers/ledger/records.ts'

const webhook = {
  id: 'h1',
  url: 'https://example.org',
  events: ['document.finished' as const],
  tag: null,
  secret: 'a secret',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const labelled = (tag: string) => ({ labels: { tag, metadata: { order: `of ${tag}` } } })

/** An announcer whose ledger has a webhook, and all of its announcements. */
function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  ledger.webhooks.add(webhook)
  const told: { event: WebhookEvent; tag: string | null; data: object }[] = []
  const enqueue = (event: WebhookEvent, tag: string | null, data: object): void =>
    void told.push({ event, tag, data })
  return { ledger, told, announcer: createAnnouncer({ ledger, enqueue }) }
}

test('a document of a folder is announced with its outcome and the labels of its run', (t) => {
  const { ledger, told, announcer } = setUp(t)
  ledger.runs.add(makeRequest(labelled('red')), 'fp')
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput(firstPass('d1'), input, 2)
  ledger.pages.putResult('d1', makePage({ page: 1, confidence: 90 }))
  ledger.pages.putResult('d1', makePage({ page: 2, confidence: 70 }))
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
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

test('a document of several uploads is announced for each, with its own labels', async (t) => {
  const { ledger, told, announcer } = setUp(t)
  const plan = makePlan('d1', { runId: 'u1' })
  ledger.documents.planUpload({ ...plan, sha256: 'abc', mediaType: 'image/png' })
  for (const runId of ['u1', 'u2']) {
    ledger.runs.add(makeUploadRequest({ runId, ...labelled(`tag of ${runId}`) }), 'fp')
    ledger.submissions.add(runId, 'd1', 'a.png')
  }
  ledger.runs.add(makeUploadRequest({ runId: 'u3' }), 'fp')
  const error = { code: 'corrupt_image', message: 'is damaged' }
  ledger.documents.fail(firstPass('d1'), 'rejected', error)
  announcer.documentFinal('d1')
  await announcer.tellRest()
  const sorted = told.toSorted((a, b) => ((a.tag ?? '') < (b.tag ?? '') ? -1 : 1))
  assert.deepEqual(
    sorted.map(({ tag, data }) => [tag, Object(data).runId, Object(data).error]),
    [
      ['tag of u1', 'u1', error],
      ['tag of u2', 'u2', error],
    ],
  )
})

/** An ended document, and this many uploads that contain it. */
function failPopular(ledger: Ledger, uploads: number): void {
  const plan = makePlan('d1', { runId: 'u0' })
  ledger.documents.planUpload({ ...plan, sha256: 'abc', mediaType: 'image/png' })
  for (let n = 0; n < uploads; n += 1) {
    ledger.runs.add(makeUploadRequest({ runId: `u${n}` }), 'fp')
    ledger.submissions.add(`u${n}`, 'd1', 'a.png')
  }
  ledger.documents.fail(firstPass('d1'), 'rejected', { code: 'corrupt_image', message: '' })
}

/** The number of announcements in each transaction from now on. */
function countPieces(t: TestContext, ledger: Ledger, told: readonly unknown[]): number[] {
  const transaction = ledger.transaction.bind(ledger)
  const pieces: number[] = []
  t.mock.method(ledger, 'transaction', (work: () => unknown) => {
    const before = told.length
    const value = transaction(work)
    pieces.push(told.length - before)
    return value
  })
  return pieces
}

test('a document of many uploads is announced in batches, each in its own transaction', async (t) => {
  const { ledger, told, announcer } = setUp(t)
  failPopular(ledger, 450)
  const pieces = countPieces(t, ledger, told)
  ledger.transaction(() => announcer.documentFinal('d1'))
  await announcer.tellRest()
  assert.deepEqual(pieces, [1, 100, 100, 100, 100, 49, 0, 0])
  assert.equal(new Set(told.map(({ data }) => Object(data).runId)).size, 450)
})

test('more webhooks make smaller batches', async (t) => {
  const { ledger, told, announcer } = setUp(t)
  for (const id of ['h2', 'h3']) ledger.webhooks.add({ ...webhook, id })
  failPopular(ledger, 60)
  announcer.documentFinal('d1')
  const pieces = countPieces(t, ledger, told)
  await announcer.tellRest()
  assert.deepEqual(pieces, [34, 25, 0, 0])
})

test('announcements interrupted by a crash are made once after the restart, unchanged', async (t) => {
  const { ledger, told, announcer } = setUp(t)
  failPopular(ledger, 250)
  announcer.documentFinal('d1')
  const transaction = ledger.transaction.bind(ledger)
  let left = 2
  const dying = t.mock.method(ledger, 'transaction', (work: () => unknown) => {
    if (left === 0) throw new Error('killed')
    left -= 1
    return transaction(work)
  })
  await assert.rejects(announcer.tellRest(), /killed/)
  dying.mock.restore()
  const row = rowOf(ledger, 'd1')
  ledger.documents.plan({ ...makePlan('d1', { runId: 'u0' }), pass: 2 }, row)
  const enqueue = (event: WebhookEvent, tag: string | null, data: object): void =>
    void told.push({ event, tag, data })
  await createAnnouncer({ ledger, enqueue }).tellRest()
  assert.equal(told.length, 250)
  assert.equal(new Set(told.map(({ data }) => Object(data).runId)).size, 250)
  assert.ok(told.every(({ data }) => Object(data).outcome === 'rejected'))
})

test('nothing is announced without webhooks, or for an unknown document', (t) => {
  const { ledger, told, announcer } = setUp(t)
  announcer.documentFinal('unknown')
  ledger.webhooks.remove('h1')
  ledger.documents.plan(makePlan('d1'))
  announcer.documentFinal('d1')
  assert.deepEqual(told, [])
})

test('the end of a run is announced with its outcomes', (t) => {
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

test('a rolled-back end is not announced', (t) => {
  const { ledger } = setUp(t)
  const { enqueue } = createOutbox({ webhooks: ledger.webhooks, maxWaiting: 100 })
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
