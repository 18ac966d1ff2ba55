import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { bands } from '../../../../shared/redis/fair-turns.ts'
import { documentJobId, pageJobId } from '../../../../shared/redis/queue.ts'
import { reopenFolder, reopenUploads } from '../../../../services/aggregator/planning/reopen.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import { rowOf } from '../../../helpers/ledger/ledger.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  failedReport,
  input,
  makeAcceptance,
  makeJob,
  pageReport,
  uploadOf,
  uploadReport,
} from '../../../helpers/ledger/records.ts'
import { makeDocumentScene } from '../../../helpers/ledger/document-scene.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const setUp = (t: TestContext, ids: readonly string[] = []) => makeDocumentScene(t, redis, ids)

const wasCancelled = { state: 'final', outcome: 'cancelled', code: 'cancelled' }
const about = (id: string) => ({ jobId: `j${id}`, documentId: id })
const duplicate = (id: string, of: string) =>
  ({ v: 1, kind: 'duplicate', ...about(id), input, of }) as const

test('a cancelled planned document ends at once and is not read', async (t) => {
  const { documents, queue, standing, cancelled, final, announced } = await setUp(t, ['d1', 'd2'])
  await documents.cancel(['d1'])
  assert.deepEqual(standing('d1'), wasCancelled)
  assert.deepEqual([final, announced], [['d1'], ['d1']])
  assert.deepEqual(await queue.present(['jd1', 'jd2']), new Set(['jd2']))
  assert.deepEqual(await cancelled(['jd1', 'jd2']), ['jd1'])
  assert.equal(standing('d2').state, 'planned')
})

test('a document cancelled during its reading stays cancelled, whatever its worker reports', async (t) => {
  const { documents, absorb, ledger, standing } = await setUp(t, ['d1'])
  await documents.cancel(['d1'])
  await absorb([pageReport(about('d1'))])
  assert.deepEqual(standing('d1'), wasCancelled)
  assert.deepEqual(ledger.pages.results('d1'), [])
})

test('cancelling a document removes all of its pages from the queue', async (t) => {
  const { documents, queue, absorb, standing, cancelled } = await setUp(t, ['d1'])
  await absorb([{ v: 1, kind: 'expanded', ...about('d1'), input, pagesTotal: 3 }])
  await absorb([pageReport({ jobId: 'jd1n1', documentId: 'd1' }, { page: 1 }, 3)])
  const pages = [2, 3].map((page) => ({ page, jobId: pageJobId('jd1', page) }))
  await queue.add(
    pages.map(({ page, jobId }) => ({
      jobId,
      job: makeJob({ documentId: 'd1', page, pagesTotal: 3 }),
      band: bands.page,
      caller: 'tester',
    })),
  )
  await documents.cancel(['d1'])
  assert.deepEqual(standing('d1'), wasCancelled)
  assert.deepEqual(await queue.present(pages.map(({ jobId }) => jobId)), new Set())
  assert.deepEqual(await cancelled(pages.map(({ jobId }) => documentJobId(jobId))), ['jd1', 'jd1'])
})

test('cancelling a duplicate does not affect its original', async (t) => {
  const { documents, absorb, standing } = await setUp(t, ['d1', 'd2'])
  await absorb([duplicate('d2', 'd1')])
  assert.equal(standing('d2').state, 'waiting')
  await documents.cancel(['d2'])
  assert.deepEqual(standing('d2'), wasCancelled)
  assert.equal(standing('d1').state, 'planned')
  await absorb([pageReport(about('d1'))])
  assert.deepEqual(standing('d2'), wasCancelled)
})

test('duplicates of a cancelled document are read themselves', async (t) => {
  const { documents, ledger, queue, absorb, standing } = await setUp(t, ['d1', 'd2', 'd3'])
  await absorb([duplicate('d2', 'd1'), duplicate('d3', 'd1')])
  await documents.cancel(['d1', 'd3'])
  assert.deepEqual([standing('d1'), standing('d3')], [wasCancelled, wasCancelled])
  const { state, pass, jobId, duplicateOf: of } = rowOf(ledger, 'd2')
  assert.deepEqual({ state, pass, of }, { state: 'planned', pass: 2, of: null })
  assert.deepEqual(await queue.present([jobId]), new Set([jobId]))
  await absorb([pageReport({ jobId, documentId: 'd2' })])
  assert.equal(standing('d2').outcome, 'succeeded')
})

test('ended and unknown documents are not cancelled', async (t) => {
  const { documents, absorb, standing, cancelled, final } = await setUp(t, ['d1', 'd2'])
  await absorb([pageReport(about('d1')), failedReport(about('d2'))])
  await documents.cancel(['d1', 'd2', 'unknown'])
  assert.equal(standing('d1').outcome, 'succeeded')
  assert.equal(standing('d2').outcome, 'rejected')
  assert.deepEqual(await cancelled(['jd1', 'jd2']), [])
  assert.deepEqual(final.toSorted(), ['d1', 'd2'])
})

test('a failed upload is retried as the job of a new pass', async (t) => {
  const { documents, ledger, queue, absorb, standing } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  const [about1] = acceptance.documents
  assert.ok(about1)
  await absorb([acceptance, failedReport(about1, { page: 1, pagesTotal: 1 })])
  ledger.runs.end('u1', 'finished', null)
  const before = rowOf(ledger, uploadOf('one'))
  assert.equal(before.outcome, 'rejected')

  assert.deepEqual(documents.replan([before]), [before.id])
  await reopenUploads(ledger, before.id)
  await documents.enqueue([before.id])
  const { pass, jobId, sha256, mediaType } = rowOf(ledger, before.id)
  assert.deepEqual(
    { pass, sha256, mediaType },
    { pass: 2, sha256: before.sha256, mediaType: 'image/png' },
  )
  assert.notEqual(jobId, before.jobId)
  assert.deepEqual(await queue.present([jobId, before.jobId]), new Set([jobId]))
  assert.deepEqual(ledger.pages.states(before.id), [])
  assert.equal(ledger.runs.get('u1')?.state, 'active')

  await absorb([failedReport(about1)])
  assert.equal(standing(before.id).state, 'planned', 'the earlier pass has nothing to say any more')
  const again = { ...acceptance, documents: [{ ...about1, jobId }] }
  await absorb([uploadReport(again)])
  assert.equal(standing(before.id).outcome, 'succeeded')
})

test('a retried document reopens every upload that contains it', async (t) => {
  const { documents, ledger, absorb } = await setUp(t)
  const first = makeAcceptance(['one'])
  const [about1] = first.documents
  assert.ok(about1)
  await absorb([first, makeAcceptance(['one'], { runId: 'u2' }), failedReport(about1)])
  for (const id of ['u1', 'u2']) ledger.runs.end(id, 'finished', null)
  documents.replan([rowOf(ledger, about1.documentId)])
  await reopenUploads(ledger, about1.documentId)
  assert.deepEqual(ledger.runs.activeUploads().toSorted(), ['u1', 'u2'])
})

test('a retried file of a folder is read in its present version, and its run is reopened', async (t) => {
  const { documents, ledger, root, absorb, standing } = await setUp(t, ['d1'])
  await absorb([failedReport(about('d1'))])
  ledger.runs.end('r1', 'finished', null)
  writeFileSync(join(root, 'd1.png'), 'mended')
  assert.deepEqual(documents.replan([rowOf(ledger, 'd1')]), ['d1'])
  assert.equal(reopenFolder(ledger, 'r1')?.state, 'active')
  const { stat, bytes, pass } = rowOf(ledger, 'd1')
  assert.equal(stat, statKey(statSync(join(root, 'd1.png'), { bigint: true })))
  assert.deepEqual({ bytes, pass }, { bytes: 6, pass: 2 })
  assert.deepEqual(standing('d1'), { state: 'planned', outcome: null, code: null })
  assert.equal(ledger.runs.get('r1')?.state, 'active')
})

test('a missing file of a folder keeps its outcome, and its run stays ended', async (t) => {
  const { documents, ledger, absorb, standing } = await setUp(t, ['d1'])
  await absorb([failedReport(about('d1'))])
  ledger.runs.end('r1', 'finished', null)
  assert.deepEqual(documents.replan([rowOf(ledger, 'd1')]), [])
  assert.equal(reopenFolder(ledger, 'r1'), undefined)
  assert.equal(standing('d1').outcome, 'rejected')
  assert.equal(ledger.runs.get('r1')?.state, 'finished')
})
