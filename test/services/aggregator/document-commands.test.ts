import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { documentJobId, pageJobId, priorities } from '../../../shared/queue.ts'
import { createReporter } from '../../../shared/results.ts'
import { statKey } from '../../../shared/stat-key.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { makePlan, rowOf } from '../../helpers/ledger.ts'
import { startPrivateRedis } from '../../helpers/private-redis.ts'
import {
  failedReport,
  input,
  makeAcceptance,
  makeJob,
  makeRequest,
  makeUploadRequest,
  pageReport,
  uploadOf,
  uploadReport,
} from '../../helpers/records.ts'
import { makeRecording } from '../../helpers/recording.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()

/** A folder run r1 with these documents planned and on the queue, beside all that it takes to command them. */
async function setUp(t: TestContext, ids: readonly string[] = []) {
  const recording = makeRecording(t, redis)
  const { ledger, queue, keys } = recording
  const root = makeFolder(t)
  const out = makeFolder(t)
  ledger.runs.add(makeRequest({ root, out }), 'fp')
  for (const id of ids) ledger.documents.plan(makePlan(id))
  await queue.add(
    ids.map((id) => ({
      jobId: `j${id}`,
      job: makeJob({ documentId: id }),
      priority: priorities.bulk,
    })),
  )
  const standing = (id: string) => {
    const { state, outcome, error_code: code } = rowOf(ledger, id)
    return { state, outcome, code }
  }
  const reporter = createReporter(redis, keys)
  const cancelled = (jobIds: readonly string[]) => reporter.cancelled(jobIds)
  return { ...recording, root, out, standing, cancelled }
}

const wasCancelled = { state: 'final', outcome: 'cancelled', code: 'cancelled' }
const about = (id: string) => ({ jobId: `j${id}`, documentId: id })
const duplicate = (id: string, of: string) =>
  ({ v: 1, kind: 'duplicate', ...about(id), input, of }) as const

test('a planned document that is cancelled ends at once, and nobody reads it', async (t) => {
  const { documents, queue, standing, cancelled, final, announced } = await setUp(t, ['d1', 'd2'])
  await documents.cancel(['d1'])
  assert.deepEqual(standing('d1'), wasCancelled)
  assert.deepEqual([final, announced], [['d1'], ['d1']])
  assert.deepEqual(await queue.present(['jd1', 'jd2']), new Set(['jd2']))
  assert.deepEqual(await cancelled(['jd1', 'jd2']), ['jd1'])
  assert.equal(standing('d2').state, 'planned')
})

test('what is being read when it is cancelled stays cancelled, whatever its worker reports', async (t) => {
  const { documents, absorb, ledger, standing } = await setUp(t, ['d1'])
  await documents.cancel(['d1'])
  await absorb([pageReport(about('d1'))])
  assert.deepEqual(standing('d1'), wasCancelled)
  assert.deepEqual(ledger.pages.results('d1'), [])
})

test('of a document with many pages none stays on the queue', async (t) => {
  const { documents, queue, absorb, standing, cancelled } = await setUp(t, ['d1'])
  await absorb([{ v: 1, kind: 'expanded', ...about('d1'), input, pagesTotal: 3 }])
  await absorb([pageReport({ jobId: 'jd1n1', documentId: 'd1' }, { page: 1 }, 3)])
  const pages = [2, 3].map((page) => ({ page, jobId: pageJobId('jd1', page) }))
  await queue.add(
    pages.map(({ page, jobId }) => ({
      jobId,
      job: makeJob({ documentId: 'd1', page, pagesTotal: 3 }),
      priority: priorities.page,
    })),
  )
  await documents.cancel(['d1'])
  assert.deepEqual(standing('d1'), wasCancelled)
  assert.deepEqual(await queue.present(pages.map(({ jobId }) => jobId)), new Set())
  assert.deepEqual(await cancelled(pages.map(({ jobId }) => documentJobId(jobId))), ['jd1', 'jd1'])
})

test('a document that waits for another can be cancelled, and the other goes on', async (t) => {
  const { documents, absorb, standing } = await setUp(t, ['d1', 'd2'])
  await absorb([duplicate('d2', 'd1')])
  assert.equal(standing('d2').state, 'waiting')
  await documents.cancel(['d2'])
  assert.deepEqual(standing('d2'), wasCancelled)
  assert.equal(standing('d1').state, 'planned')
  await absorb([pageReport(about('d1'))])
  assert.deepEqual(standing('d2'), wasCancelled)
})

test('what waits for a document that is cancelled is read after all', async (t) => {
  const { documents, ledger, queue, absorb, standing } = await setUp(t, ['d1', 'd2', 'd3'])
  await absorb([duplicate('d2', 'd1'), duplicate('d3', 'd1')])
  await documents.cancel(['d1', 'd3'])
  assert.deepEqual([standing('d1'), standing('d3')], [wasCancelled, wasCancelled])
  const { state, pass, job_id: jobId, duplicate_of: of } = rowOf(ledger, 'd2')
  assert.deepEqual({ state, pass, of }, { state: 'planned', pass: 2, of: null })
  assert.deepEqual(await queue.present([jobId]), new Set([jobId]))
  await absorb([pageReport({ jobId, documentId: 'd2' })])
  assert.equal(standing('d2').outcome, 'succeeded')
})

test('what has ended, or nobody knows, is not cancelled', async (t) => {
  const { documents, absorb, standing, cancelled, final } = await setUp(t, ['d1', 'd2'])
  await absorb([pageReport(about('d1')), failedReport(about('d2'))])
  await documents.cancel(['d1', 'd2', 'unknown'])
  assert.equal(standing('d1').outcome, 'succeeded')
  assert.equal(standing('d2').outcome, 'rejected')
  assert.deepEqual(await cancelled(['jd1', 'jd2']), [])
  assert.deepEqual(final.toSorted(), ['d1', 'd2'])
})

test('an upload that failed is read again, as the job of a new pass', async (t) => {
  const { documents, ledger, queue, absorb, standing } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  const [about1] = acceptance.documents
  assert.ok(about1)
  await absorb([acceptance, failedReport(about1, { page: 1, pagesTotal: 1 })])
  ledger.runs.end('u1', 'finished', null)
  const before = rowOf(ledger, uploadOf('one'))
  assert.equal(before.outcome, 'rejected')

  assert.deepEqual(documents.replan([before]), [before.id])
  await documents.enqueue([before.id])
  const { pass, job_id: jobId, sha256, media_type: mediaType } = rowOf(ledger, before.id)
  assert.deepEqual(
    { pass, sha256, mediaType },
    { pass: 2, sha256: before.sha256, mediaType: 'image/png' },
  )
  assert.notEqual(jobId, before.job_id)
  assert.deepEqual(await queue.present([jobId, before.job_id]), new Set([jobId]))
  assert.deepEqual(ledger.pages.states(before.id), [])
  assert.equal(ledger.runs.get('u1')?.state, 'active')

  await absorb([failedReport(about1)])
  assert.equal(standing(before.id).state, 'planned', 'the earlier pass has nothing to say any more')
  const again = { ...acceptance, documents: [{ ...about1, jobId }] }
  await absorb([uploadReport(again)])
  assert.equal(standing(before.id).outcome, 'succeeded')
})

test('every upload that asked for a document goes on with its retry', async (t) => {
  const { documents, ledger, absorb } = await setUp(t)
  const first = makeAcceptance(['one'])
  const [about1] = first.documents
  assert.ok(about1)
  await absorb([first, makeAcceptance(['one'], { runId: 'u2' }), failedReport(about1)])
  for (const id of ['u1', 'u2']) ledger.runs.end(id, 'finished', null)
  documents.replan([rowOf(ledger, about1.documentId)])
  assert.deepEqual(ledger.runs.activeUploads().toSorted(), ['u1', 'u2'])
})

test('a file of a folder is read again as it lies there now, and its run goes on', async (t) => {
  const { documents, ledger, root, absorb, standing } = await setUp(t, ['d1'])
  await absorb([failedReport(about('d1'))])
  ledger.runs.end('r1', 'finished', null)
  writeFileSync(join(root, 'd1.png'), 'mended')
  assert.deepEqual(documents.replan([rowOf(ledger, 'd1')]), ['d1'])
  const { stat, bytes, pass } = rowOf(ledger, 'd1')
  assert.equal(stat, statKey(statSync(join(root, 'd1.png'), { bigint: true })))
  assert.deepEqual({ bytes, pass }, { bytes: 6, pass: 2 })
  assert.deepEqual(standing('d1'), { state: 'planned', outcome: null, code: null })
  assert.equal(ledger.runs.get('r1')?.state, 'active')
})

test('a file of a folder that is gone stays as it ended, and its run too', async (t) => {
  const { documents, ledger, absorb, standing } = await setUp(t, ['d1'])
  await absorb([failedReport(about('d1'))])
  ledger.runs.end('r1', 'finished', null)
  assert.deepEqual(documents.replan([rowOf(ledger, 'd1')]), [])
  assert.equal(standing('d1').outcome, 'rejected')
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
})

test('an upload that is deleted leaves nothing behind', async (t) => {
  const { documents, ledger, absorb, putInput, hasInput } = await setUp(t)
  const acceptance = makeAcceptance(['one', 'two'])
  for (const content of ['one', 'two']) putInput(content)
  await absorb([acceptance, uploadReport(acceptance)])
  documents.remove(uploadOf('one'))
  assert.equal(ledger.documents.get(uploadOf('one')), undefined)
  assert.deepEqual(ledger.pages.results(uploadOf('one')), [])
  assert.deepEqual(ledger.submissions.documentsOf('u1'), [uploadOf('two')])
  assert.notEqual(ledger.runs.get('u1'), undefined)
  assert.deepEqual([hasInput('one'), hasInput('two')], [false, true])
  documents.remove(uploadOf('one'))
})

test('an upload of nothing any more is gone too', async (t) => {
  const { documents, ledger, absorb } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  await absorb([
    acceptance,
    makeAcceptance(['one', 'two'], { runId: 'u2' }),
    uploadReport(acceptance),
  ])
  documents.remove(uploadOf('one'))
  assert.equal(ledger.runs.get('u1'), undefined)
  assert.notEqual(ledger.runs.get('u2'), undefined)
})

test('an input that another document needs outlives the one that is deleted', async (t) => {
  const { documents, ledger, absorb, putInput, hasInput } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  const { sha256 = '' } = acceptance.documents[0] ?? {}
  putInput('one')
  await absorb([acceptance, uploadReport(acceptance)])
  ledger.runs.add(makeUploadRequest({ runId: 'u2' }), 'another recipe')
  const plan = makePlan('d2', { run_id: 'u2', fingerprint: 'another recipe' })
  ledger.documents.planUpload({ ...plan, sha256, media_type: 'image/png' })
  documents.remove(uploadOf('one'))
  assert.equal(hasInput('one'), true)
  ledger.documents.fail('d2', 'rejected', { code: 'corrupt_image', message: '' })
  documents.remove('d2')
  assert.equal(hasInput('one'), false)
})

test('an input that is just being accepted again outlives the one that is deleted', async (t) => {
  const { documents, absorb, putInput, putTicket, hasInput } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  putInput('one')
  await absorb([acceptance, uploadReport(acceptance)])
  putTicket(makeAcceptance(['one'], { runId: 'u2', pass: 2 }))
  documents.remove(uploadOf('one'))
  assert.equal(hasInput('one'), true)
})

test('a file of a folder that is deleted loses its outputs, and never its input', async (t) => {
  const { documents, ledger, root, out, absorb } = await setUp(t, ['d1', 'd2'])
  for (const id of ['d1', 'd2']) writeFileSync(join(root, `${id}.png`), 'page')
  await absorb([pageReport(about('d1')), pageReport(about('d2'))])
  const outputs = (id: string) => ['txt', 'json'].map((format) => join(out, `${id}.png.${format}`))
  assert.deepEqual(outputs('d1').map(existsSync), [true, true])
  documents.remove('d1')
  assert.equal(ledger.documents.get('d1'), undefined)
  assert.deepEqual(outputs('d1').map(existsSync), [false, false])
  assert.deepEqual(outputs('d2').map(existsSync), [true, true])
  assert.equal(existsSync(join(root, 'd1.png')), true)
  assert.notEqual(ledger.runs.get('r1'), undefined)
})

test('an output that cannot be removed does not keep its document', async (t) => {
  const { documents, ledger, out, absorb } = await setUp(t, ['d1'])
  mkdirSync(join(out, 'd1.png.txt'))
  await absorb([pageReport(about('d1'))])
  assert.equal(rowOf(ledger, 'd1').error_code, 'output_conflict')
  documents.remove('d1')
  assert.equal(ledger.documents.get('d1'), undefined)
  rmSync(join(out, 'd1.png.txt'), { recursive: true })
})

test('a document that is deleted may come again: its jobs are neither done nor cancelled', async (t) => {
  const { documents, keys, redis: own, absorb } = await setUp(t, ['d1', 'd2'])
  await absorb([{ v: 1, kind: 'expanded', ...about('d1'), input, pagesTotal: 2 }])
  await documents.cancel(['d1'])
  const done = ['jd1', 'jd1n1', 'jd1n2'].map((jobId) => keys.done(jobId))
  for (const key of [...done, keys.done('jd2')]) await own.set(key, '1')
  await documents.forgetJobs('d1')
  await documents.forgetJobs('d2')
  await documents.forgetJobs('unknown')
  assert.equal(await own.exists(...done, keys.cancelled('jd1')), 0)
  assert.equal(await own.exists(keys.done('jd2')), 1, 'it is still to be read')
})

test('what has not ended is not deleted', async (t) => {
  const { documents, standing } = await setUp(t, ['d1'])
  documents.remove('d1')
  assert.equal(standing('d1').state, 'planned')
})

test('what has had its time keeps its record and loses the rest', async (t) => {
  const { documents, ledger, absorb, putInput, putTicket, hasInput } = await setUp(t)
  for (const content of ['one', 'two']) {
    const acceptance = makeAcceptance([content], { runId: content })
    putInput(content)
    await absorb([acceptance, uploadReport(acceptance)])
  }
  putTicket(makeAcceptance(['two'], { runId: 'u9', pass: 2 }))
  documents.expire([rowOf(ledger, uploadOf('one')), rowOf(ledger, uploadOf('two'))])
  const { outcome, expired_at: expiredAt } = rowOf(ledger, uploadOf('one'))
  assert.equal(outcome, 'succeeded')
  assert.notEqual(expiredAt, null)
  assert.deepEqual(ledger.pages.results(uploadOf('one')), [])
  assert.deepEqual([hasInput('one'), hasInput('two')], [false, true])
})
