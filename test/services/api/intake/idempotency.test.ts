import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Accepted, Submission } from '../../../../services/api/intake/submission.ts'
import {
  createIdempotency,
  type IdempotencyKey,
} from '../../../../services/api/intake/idempotency.ts'
import type { Received } from '../../../../services/api/intake/spool/store.ts'
import { createTickets } from '../../../../services/api/state/tickets.ts'
import { openSpool } from '../../../../shared/files/spool.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { makeAcceptance, uploadOf } from '../../../helpers/ledger/records.ts'

const fileOf = (sha256: string): Received => ({
  sha256,
  name: `${sha256}.png`,
  bytes: 1,
  mediaType: 'image/png',
  keep: async () => undefined,
  drop: async () => undefined,
})
const submissionOf = (given: Partial<Submission> = {}): Submission => ({
  received: [fileOf('aa')],
  options: {},
  requestId: 'q',
  caller: 'scanner',
  ...given,
})

/** Ledger and tickets; an accepted upload gets a ticket, and `record` moves all of them into the ledger. */
function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  const tickets = createTickets(openSpool(makeFolder(t)))
  const view = { get: () => ledger, close: () => undefined }
  const settleIdempotency = createIdempotency({ ledger: view, tickets })
  const issued: (() => Promise<void>)[] = []
  let runs = 0

  const take = async (key: IdempotencyKey | undefined): Promise<Accepted> => {
    runs += 1
    const runId = `u${runs}`
    const documents = [{ id: uploadOf(runId), name: `${runId}.png`, isKnown: false, pass: 1 }]
    const acceptance = makeAcceptance([runId], {
      runId,
      ...(key !== undefined && { idempotency: { ...key, documents } }),
    })
    const ticket = await tickets.draft(acceptance)
    await ticket.sync()
    await ticket.issue()
    issued.push(async () => {
      ledger.runs.add(acceptance.request, 'fp')
      const plan = makePlan(uploadOf(runId), { runId })
      ledger.documents.planUpload({ ...plan, sha256: runId, mediaType: 'image/png' })
      ledger.submissions.add(runId, plan.id, runId)
      await ticket.withdraw()
    })
    return { runId, documents }
  }
  /** Settles a submission; `taken` counts how often it was actually accepted. */
  const settle = async (key: string | undefined, given: Partial<Submission> = {}) => {
    let taken = 0
    const accepted = await settleIdempotency({ key, ...submissionOf(given) }, (known) => {
      taken += 1
      return take(known)
    })
    return { accepted, taken }
  }
  const record = () => Promise.all(issued.splice(0).map((enter) => enter()))
  return { ledger, settle, settleIdempotency, record }
}

test('without a key each upload is separate', async (t) => {
  const { settle } = setUp(t)
  assert.equal((await settle(undefined)).taken, 1)
  assert.equal((await settle(undefined)).taken, 1)
})

test('a key returns its first upload, before and after it is recorded', async (t) => {
  const { settle, record } = setUp(t)
  const first = await settle('k1')
  const again = await settle('k1')
  assert.deepEqual([first.taken, again.taken], [1, 0])
  assert.equal(again.accepted.runId, first.accepted.runId)
  assert.deepEqual(again.accepted.documents, first.accepted.documents)
  await record()
  const later = await settle('k1')
  assert.equal(later.taken, 0)
  assert.equal(later.accepted.runId, first.accepted.runId)
  assert.deepEqual(later.accepted.documents, first.accepted.documents)
})

test('a key with other files, another order or other options is a conflict', async (t) => {
  const { settle, record } = setUp(t)
  await settle('k2', { received: [fileOf('aa'), fileOf('bb')], options: { tag: 't' } })
  const others: Partial<Submission>[] = [
    { received: [fileOf('aa')], options: { tag: 't' } },
    { received: [fileOf('bb'), fileOf('aa')], options: { tag: 't' } },
    { received: [fileOf('aa'), fileOf('bb')], options: { tag: 'other' } },
    { received: [fileOf('aa'), fileOf('bb')] },
  ]
  for (const given of others) {
    await assert.rejects(settle('k2', given), { code: 'idempotency_conflict' })
    await record()
  }
})

test('each caller has its own keys, which expire after a day', async (t) => {
  const { settle, record } = setUp(t)
  await settle('k3', { caller: 'one' })
  assert.equal((await settle('k3', { caller: 'two' })).taken, 1)
  await record()
  assert.equal((await settle('k3', { caller: 'one' })).taken, 0)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 86_500_000 })
  assert.equal((await settle('k3', { caller: 'one' })).taken, 1)
})

test('of concurrent uploads with one key one is accepted, and all get the same answer', async (t) => {
  const { settle } = setUp(t)
  const all = await Promise.all(Array.from({ length: 20 }, () => settle('k5')))
  assert.equal(all.filter(({ taken }) => taken === 1).length, 1)
  assert.equal(new Set(all.map(({ accepted }) => accepted.runId)).size, 1)
})

test('a failed upload releases its key', async (t) => {
  const { settle, settleIdempotency } = setUp(t)
  const failing = settleIdempotency({ key: 'k4', ...submissionOf() }, () =>
    Promise.reject(new Error('the disk is full')),
  )
  await assert.rejects(failing, /the disk is full/)
  assert.equal((await settle('k4')).taken, 1)
})

test('deleting a document releases its key', async (t) => {
  const { ledger, settle, record } = setUp(t)
  const { accepted } = await settle('k6')
  await record()
  const id = accepted.documents[0]?.id ?? ''
  const { pass } = ledger.documents.get(id) ?? { pass: 0 }
  ledger.documents.fail({ id, pass }, 'rejected', { code: 'corrupt_image', message: '' })
  ledger.documents.remove(id)
  assert.equal((await settle('k6')).taken, 1)
})
