import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createSweeper } from '../../../../services/aggregator/upkeep/sweeper.ts'
import { createLogger } from '../../../../shared/process/logger.ts'
import type { Acceptance } from '../../../../shared/contract/messages/command.ts'
import { ticketFile } from '../../../../shared/files/spool.ts'
import { firstPass, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  makeAcceptance,
  makePage,
  makeRequest,
  makeUploadRequest,
  uploadOf,
  uploadReport,
} from '../../../helpers/ledger/records.ts'
import { makeRecording } from '../../../helpers/ledger/recording.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const seconds = 1_000
const hours = 3_600 * seconds

/** A sweeper of a spool, wired as in the aggregator; its clock stays at the start of the test until it is moved. */
function setUp(t: TestContext, { retentionMs = 0 } = {}) {
  const recording = makeRecording(t, redis)
  const { ledger, spool, documents, absorb, listeners } = recording
  const log = createLogger('test', 'silent')
  const complaints = t.mock.method(log, 'error')
  const sweeper = createSweeper({ ledger, spool, commands: documents, absorb, retentionMs, log })
  listeners.onAccepted = (accepted) => sweeper.recorded(accepted)
  // A file's own times are the system's and cannot be set back, so the sweeper's clock is set forward.
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const later = (ms: number): void => t.mock.timers.tick(ms)
  const hasTicket = ({ request }: Acceptance): boolean =>
    existsSync(ticketFile(spool, request.runId))
  /** An upload that was recorded and then read. */
  const readUpload = async (content: string, runId: string): Promise<void> => {
    const acceptance = makeAcceptance([content], { runId })
    recording.putInput(content)
    await absorb([acceptance])
    await absorb([uploadReport(acceptance)])
  }
  return { ...recording, sweeper, later, hasTicket, readUpload, complaints: complaints.mock }
}

test('an accepted but never announced upload is taken up exactly once', async (t) => {
  const { ledger, sweeper, later, hasTicket, putInput, putTicket, accepted } = setUp(t)
  const acceptance = makeAcceptance(['one', 'two'])
  putInput('one')
  putInput('two')
  putTicket(acceptance)
  later(10 * seconds)
  await sweeper.sweep()
  await sweeper.sweep()
  assert.deepEqual(accepted, [acceptance])
  assert.equal(hasTicket(acceptance), false)
  const ids = ['one', 'two'].map(uploadOf)
  assert.deepEqual(ledger.submissions.documentsOf('u1').toSorted(), ids.toSorted())
  assert.deepEqual(ledger.documents.openUploads().toSorted(), ids.toSorted())
})

test('an upload whose ticket was left behind is not read twice', async (t) => {
  const { ledger, sweeper, later, absorb, putInput, putTicket, hasTicket } = setUp(t)
  const acceptance = makeAcceptance(['one'])
  putInput('one')
  await absorb([acceptance, uploadReport(acceptance)])
  const before = rowOf(ledger, uploadOf('one'))
  putTicket(acceptance)
  later(10 * seconds)
  await sweeper.sweep()
  assert.deepEqual(rowOf(ledger, uploadOf('one')), before)
  assert.equal(hasTicket(acceptance), false)
})

test('a ticket whose file never arrived is not an accepted upload', async (t) => {
  const { ledger, sweeper, later, hasTicket, putTicket, accepted } = setUp(t)
  const acceptance = makeAcceptance(['one'])
  putTicket(acceptance)
  later(10 * seconds)
  await sweeper.sweep()
  assert.equal(hasTicket(acceptance), false)
  assert.deepEqual(accepted, [])
  assert.equal(ledger.runs.get('u1'), undefined)
})

test('the complete files of an interrupted upload are taken up', async (t) => {
  const { ledger, sweeper, later, putInput, putTicket } = setUp(t)
  putInput('one')
  putTicket(makeAcceptance(['one', 'two']))
  later(10 * seconds)
  await sweeper.sweep()
  assert.deepEqual(ledger.submissions.documentsOf('u1'), [uploadOf('one')])
  assert.equal(ledger.documents.get(uploadOf('two')), undefined)
})

test('a recent ticket is left alone', async (t) => {
  const { sweeper, later, hasTicket, putInput, putTicket, accepted } = setUp(t)
  const [arrived, coming] = [makeAcceptance(['one']), makeAcceptance(['two'], { runId: 'u2' })]
  putInput('one')
  putTicket(arrived)
  putTicket(coming)
  later(2 * seconds)
  await sweeper.sweep()
  assert.deepEqual([hasTicket(arrived), hasTicket(coming)], [true, true])
  assert.deepEqual(accepted, [])
})

test('at start-up no ticket is too recent', async (t) => {
  const { sweeper, later, putInput, putTicket, accepted } = setUp(t)
  putInput('one')
  putTicket(makeAcceptance(['one']))
  later(1 * seconds)
  await sweeper.takeUp()
  assert.equal(accepted.length, 1)
})

test('a ticket that cannot be parsed is kept, logged once, and blocks nothing', async (t) => {
  const { spool, sweeper, later, putInput, putTicket, accepted, complaints } = setUp(t)
  const whole = makeAcceptance(['one'])
  const odd = {
    'torn.json': JSON.stringify(whole).slice(0, 100),
    'empty.json': '',
    'future.json': JSON.stringify({ ...whole, v: 2 }),
  }
  for (const [name, text] of Object.entries(odd)) writeFileSync(join(spool.tickets, name), text)
  writeFileSync(join(spool.tickets, 'u9.json.draft'), JSON.stringify(whole))
  putInput('one')
  putTicket(whole)
  later(10 * seconds)
  await sweeper.sweep()
  await sweeper.sweep()
  assert.equal(accepted.length, 1)
  const kept = readdirSync(spool.tickets).map((name) =>
    readFileSync(join(spool.tickets, name), 'utf8'),
  )
  assert.deepEqual(kept.toSorted(), [...Object.values(odd), JSON.stringify(whole)].toSorted())
  assert.equal(complaints.callCount(), 3)
})

test('an unreadable ticket is kept for later, and one set aside is retried by the next version', async (t) => {
  const { spool, sweeper, later, putInput, putTicket, hasTicket, accepted } = setUp(t)
  const [first, second] = [makeAcceptance(['one']), makeAcceptance(['two'], { runId: 'u2' })]
  putInput('one')
  putInput('two')
  putTicket(first)
  mkdirSync(join(spool.tickets, 'unlucky.json'))
  renameSync(ticketFile(spool, 'u1'), `${ticketFile(spool, 'u1')}.unreadable`)
  putTicket(second)
  later(10 * seconds)
  await sweeper.sweep()
  assert.deepEqual(accepted, [second])
  assert.ok(existsSync(join(spool.tickets, 'unlucky.json')))
  await sweeper.takeUp()
  assert.deepEqual(accepted, [second, first])
  assert.equal(hasTicket(first), false)
})

test('a ticket from before the clock was set back is taken up at once', async (t) => {
  const { sweeper, putInput, putTicket, accepted } = setUp(t)
  putInput('one')
  putTicket(makeAcceptance(['one']))
  t.mock.timers.setTime(Date.now() - 2 * hours)
  await sweeper.sweep()
  assert.equal(accepted.length, 1)
})

test('the input of a known document is removed with its ticket', async (t) => {
  const { ledger, absorb, putInput, hasInput } = setUp(t)
  ledger.runs.add(makeRequest(), 'fp')
  const known = makeAcceptance(['one'])
  ledger.documents.plan({ ...makePlan(uploadOf('one')), pass: 1 })
  putInput('one')
  await absorb([known])
  assert.equal(hasInput('one'), false, 'a document of a folder needs none')
  const open = makeAcceptance(['two'], { runId: 'u2' })
  putInput('two')
  await absorb([open])
  assert.equal(hasInput('two'), true)
})

test('an unused spool needs no sweep', async (t) => {
  const { spool, sweeper } = setUp(t)
  for (const folder of Object.values(spool)) rmSync(folder, { recursive: true })
  await sweeper.takeUp()
  await sweeper.sweep()
})

test('expired uploads lose text and input, and keep their record', async (t) => {
  const { ledger, sweeper, later, readUpload, hasInput } = setUp(t, { retentionMs: 5 * hours })
  await readUpload('old', 'u1')
  later(4 * hours)
  await readUpload('young', 'u2')
  later(2 * hours)
  await sweeper.sweep()
  const { state, outcome, expiredAt } = rowOf(ledger, uploadOf('old'))
  assert.deepEqual([state, outcome], ['final', 'succeeded'])
  assert.notEqual(expiredAt, null)
  assert.deepEqual(ledger.pages.results(uploadOf('old')), [])
  assert.equal(hasInput('old'), false)
  assert.equal(rowOf(ledger, uploadOf('young')).expiredAt, null)
  assert.equal(ledger.pages.results(uploadOf('young')).length, 1)
  assert.equal(hasInput('young'), true)
})

test('unread documents and folder documents never expire', async (t) => {
  const { ledger, sweeper, later, absorb, putInput, hasInput } = setUp(t, { retentionMs: hours })
  putInput('one')
  await absorb([makeAcceptance(['one'])])
  ledger.runs.add(makeRequest(), 'fp')
  ledger.documents.plan(makePlan('d1'))
  ledger.pages.putResult('d1', makePage())
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  ledger.documents.settle(firstPass('d1'), {})
  later(100 * hours)
  await sweeper.sweep()
  assert.equal(rowOf(ledger, uploadOf('one')).state, 'planned')
  assert.equal(hasInput('one'), true)
  assert.equal(rowOf(ledger, 'd1').expiredAt, null)
  assert.equal(ledger.pages.results('d1').length, 1)
})

test('an input is kept as long as another document has the same bytes', async (t) => {
  const { ledger, sweeper, later, readUpload, hasInput } = setUp(t, { retentionMs: 5 * hours })
  await readUpload('one', 'u1')
  const { sha256, mediaType } = rowOf(ledger, uploadOf('one'))
  assert.ok(sha256 !== null && mediaType !== null)
  ledger.runs.add(makeUploadRequest({ runId: 'u2' }), 'another recipe')
  const plan = makePlan('d2', { runId: 'u2', fingerprint: 'another recipe' })
  later(6 * hours)
  ledger.documents.planUpload({ ...plan, sha256, mediaType })
  await sweeper.sweep()
  assert.notEqual(rowOf(ledger, uploadOf('one')).expiredAt, null)
  assert.equal(hasInput('one'), true)
  ledger.documents.fail(firstPass('d2'), 'rejected', { code: 'corrupt_image', message: '' })
  later(6 * hours)
  await sweeper.sweep()
  assert.equal(hasInput('one'), false)
})

test('more than one batch of expired uploads is deleted at once', async (t) => {
  const { ledger, sweeper, later } = setUp(t, { retentionMs: hours })
  ledger.transaction(() => {
    for (let index = 0; index < 1_100; index += 1) {
      const id = `d${index}`
      ledger.documents.planUpload({ ...makePlan(id), sha256: id, mediaType: 'image/png' })
      ledger.documents.fail(firstPass(id), 'rejected', { code: 'corrupt_image', message: '' })
    }
  })
  later(2 * hours)
  await sweeper.sweep()
  assert.deepEqual(ledger.documents.keptSince(new Date().toISOString(), 10), [])
})

test('without a retention everything is kept', async (t) => {
  const { ledger, sweeper, later, readUpload, hasInput } = setUp(t)
  await readUpload('one', 'u1')
  later(100_000 * hours)
  await sweeper.sweep()
  assert.equal(rowOf(ledger, uploadOf('one')).expiredAt, null)
  assert.equal(hasInput('one'), true)
})

test('an unknown input is removed once it is too old to belong to an active upload', async (t) => {
  const { sweeper, later, readUpload, putInput, hasInput } = setUp(t)
  putInput('orphan')
  await readUpload('known', 'u1')
  await sweeper.sweep()
  assert.deepEqual([hasInput('orphan'), hasInput('known')], [true, true])
  later(2 * hours)
  await sweeper.sweep()
  assert.deepEqual([hasInput('orphan'), hasInput('known')], [false, true])
})
