import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { createUploadWatch } from '../../../../services/aggregator/runs/upload-watch.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import {
  documentStepSchema,
  runEventSchema,
} from '../../../../shared/contract/messages/progress.ts'
import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makePage, makeRequest, makeUploadRequest } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const parseStep = createParser('a step', documentStepSchema)
const parseEvent = createParser('an event', runEventSchema)
const error = { code: 'corrupt_image', message: 'is damaged' }
let scenes = 0

/** Two uploads: u1 contains d1, u2 d1 and d2. All published events, by run, and the runs that ended. */
function setUp(t: TestContext, connection: Redis = redis) {
  scenes += 1
  const keys = createKeys(`w${scenes}`)
  const ledger = makeLedger(t)
  for (const id of ['d1', 'd2']) {
    const plan = makePlan(id, { runId: 'u1' })
    ledger.documents.planUpload({ ...plan, sha256: id, mediaType: 'image/png' })
  }
  for (const [runId, ids] of [
    ['u1', ['d1']],
    ['u2', ['d1', 'd2']],
  ] as const) {
    ledger.runs.add(makeUploadRequest({ runId }), 'fp')
    for (const id of ids) ledger.submissions.add(runId, id, `${id}.png`)
  }
  const ended: [string, string, object][] = []
  const watch = createUploadWatch({
    ledger,
    redis: connection,
    keys,
    announcer: {
      documentFinal: () => undefined,
      runsAtATime: () => 3,
      tellRest: async () => undefined,
      runEnded: (run, state, outcomes) => void ended.push([run.id, state, outcomes]),
    },
    log: silent,
    outages: silent,
  })
  const fail = (id: string): boolean => ledger.documents.fail(firstPass(id), 'rejected', error)
  const told = async (runId: string, field: 'e' | 's'): Promise<unknown[]> => {
    const entries = await redis.xrange(keys.events(runId), '-', '+')
    return entries.flatMap(([, [name, value = '']]) => (name === field ? JSON.parse(value) : []))
  }
  const events = async (runId: string) => (await told(runId, 'e')).map(parseEvent)
  const steps = async (runId: string) => (await told(runId, 's')).map(parseStep)
  const rows = (...ids: string[]) => ids.map((id) => rowOf(ledger, id))
  return { ledger, keys, watch, ended, fail, events, steps, rows }
}

test('each page of a long document is published to every upload that contains it', async (t) => {
  const { keys, watch, steps } = setUp(t)
  const read = { runId: 'u1', documentId: 'd1', pagesTotal: 3 }
  await watch.pagesRead([
    { ...read, page: 1 },
    { ...read, page: 3 },
  ])
  for (const runId of ['u1', 'u2']) {
    const seen = await steps(runId)
    assert.deepEqual(
      seen.map(({ type, documentId, page, pagesTotal }) => [type, documentId, page, pagesTotal]),
      [
        ['page', 'd1', 1, 3],
        ['page', 'd1', 3, 3],
      ],
    )
    assert.ok((await redis.ttl(keys.events(runId))) > 0)
  }
})

test("the end of a document stands for its only page, and a folder's pages are published by its run", async (t) => {
  const { keys, watch } = setUp(t)
  await watch.pagesRead([
    { runId: 'u1', documentId: 'd1', page: 1, pagesTotal: 1 },
    { runId: 'r1', documentId: 'of a folder', page: 1, pagesTotal: 2 },
  ])
  assert.deepEqual(await redis.exists(keys.events('u1'), keys.events('r1')), 0)
})

test('the end of a document is published to every upload that contains it', async (t) => {
  const { ledger, keys, watch, events, rows } = setUp(t)
  ledger.pages.putResult('d1', makePage({ confidence: 80 }))
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  ledger.documents.settle(firstPass('d1'), {})
  await watch.ended(rows('d1'))
  for (const runId of ['u1', 'u2']) {
    const [event, ...others] = await events(runId)
    assert.deepEqual(others, [])
    assert.deepEqual(
      [event?.documentId, event?.outcome, event?.pages, event?.confidence, event?.error],
      ['d1', 'succeeded', 1, 80, null],
    )
    assert.ok((await redis.ttl(keys.events(runId))) > 0)
  }
})

test('an upload ends with its last document, and is announced once', async (t) => {
  const { ledger, watch, ended, fail, rows } = setUp(t)
  fail('d1')
  await watch.ended(rows('d1'))
  assert.deepEqual(ended, [['u1', 'finished', { rejected: 1 }]])
  assert.equal(ledger.runs.get('u1')?.state, 'finished')
  assert.equal(ledger.runs.get('u2')?.state, 'active')
  fail('d2')
  await watch.ended(rows('d2'))
  await watch.ended(rows('d1', 'd2'))
  assert.deepEqual(ended.slice(1), [['u2', 'finished', { rejected: 2 }]])
})

test('documents that end together end their upload once', async (t) => {
  const { watch, ended, fail, events, rows } = setUp(t)
  fail('d1')
  fail('d2')
  await watch.ended(rows('d1', 'd2'))
  assert.deepEqual(ended.map(([runId]) => runId).toSorted(), ['u1', 'u2'])
  assert.equal((await events('u2')).length, 2)
})

test('a late end in a folder run is published to its watchers and does not end the run', async (t) => {
  const { ledger, watch, ended, fail, events, rows } = setUp(t)
  ledger.runs.add(makeRequest(), 'fp')
  ledger.documents.plan(makePlan('d9'))
  fail('d9')
  await watch.ended(rows('d9'))
  assert.deepEqual(
    (await events('r1')).map(({ documentId, error: why }) => [documentId, why]),
    [['d9', error]],
  )
  assert.equal(ledger.runs.get('r1')?.state, 'active')
  assert.deepEqual(ended, [])
})

test('an upload of known documents has nothing to wait for', async (t) => {
  const { ledger, watch, ended, fail } = setUp(t)
  fail('d1')
  await watch.accepted(['u1', 'u2'])
  await watch.accepted(['u1', 'u2'])
  assert.deepEqual(ended, [['u1', 'finished', { rejected: 1 }]])
  assert.equal(ledger.runs.get('u2')?.state, 'active')
})

test('finished uploads that a restart left open are ended', async (t) => {
  const { watch, ended, fail } = setUp(t)
  await watch.recover()
  assert.equal(ended.length, 0)
  fail('d1')
  fail('d2')
  await watch.recover()
  await watch.recover()
  assert.deepEqual(ended.map(([runId]) => runId).toSorted(), ['u1', 'u2'])
})

test('an upload ends even while Redis is unreachable', async (t) => {
  const gone = server.connect()
  gone.disconnect()
  const complaints = t.mock.method(silent, 'warn').mock
  const { watch, ended, fail, rows } = setUp(t, gone)
  fail('d1')
  await watch.ended(rows('d1'))
  await watch.pagesRead([{ runId: 'u1', documentId: 'd1', page: 1, pagesTotal: 2 }])
  assert.equal(ended.length, 1)
  assert.equal(complaints.callCount(), 2)
})

test('the announcement and the end of an upload are one transaction', async (t) => {
  const { ledger, keys, fail, rows } = setUp(t)
  const watch = createUploadWatch({
    ledger,
    redis,
    keys,
    announcer: {
      documentFinal: () => undefined,
      runsAtATime: () => 3,
      tellRest: async () => undefined,
      runEnded() {
        throw new Error('the disk is full')
      },
    },
    log: silent,
    outages: silent,
  })
  fail('d1')
  await assert.rejects(watch.ended(rows('d1')), /the disk is full/)
  assert.equal(ledger.runs.get('u1')?.state, 'active')
})

test('documents are announced before their uploads end, in bounded transactions', async (t) => {
  const { ledger, keys, fail, rows } = setUp(t)
  for (const runId of ['u3', 'u4', 'u5']) {
    ledger.runs.add(makeUploadRequest({ runId }), 'fp')
    ledger.submissions.add(runId, 'd1', 'd1.png')
  }
  const transaction = ledger.transaction.bind(ledger)
  const told: string[] = []
  t.mock.method(ledger, 'transaction', (work: () => unknown) => {
    told.push('begin')
    return transaction(work)
  })
  const watch = createUploadWatch({
    ledger,
    redis,
    keys,
    announcer: {
      runsAtATime: () => 2,
      documentFinal: () => undefined,
      tellRest: async () => void told.push('documents'),
      runEnded: () => void told.push('run'),
    },
    log: silent,
    outages: silent,
  })
  fail('d2')
  fail('d1')
  await watch.ended(rows('d1'))
  const pairs = ['begin', 'run', 'run', 'begin', 'run', 'run', 'begin', 'run']
  assert.deepEqual(told, ['documents', ...pairs])
})
