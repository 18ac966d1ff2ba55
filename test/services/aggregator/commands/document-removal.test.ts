import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { firstPass, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  input,
  makeAcceptance,
  makeUploadRequest,
  pageReport,
  uploadOf,
  uploadReport,
} from '../../../helpers/ledger/records.ts'
import { makeDocumentScene } from '../../../helpers/ledger/document-scene.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const setUp = (t: TestContext, ids: readonly string[] = []) => makeDocumentScene(t, redis, ids)

const about = (id: string) => ({ jobId: `j${id}`, documentId: id })

test('a deleted upload leaves nothing behind', async (t) => {
  const { documents, ledger, absorb, putInput, hasInput } = await setUp(t)
  const acceptance = makeAcceptance(['one', 'two'])
  for (const content of ['one', 'two']) putInput(content)
  await absorb([acceptance, uploadReport(acceptance)])
  await documents.remove(uploadOf('one'))
  assert.equal(ledger.documents.get(uploadOf('one')), undefined)
  assert.deepEqual(ledger.pages.results(uploadOf('one')), [])
  assert.deepEqual(ledger.submissions.documentsOf('u1'), [uploadOf('two')])
  assert.notEqual(ledger.runs.get('u1'), undefined)
  assert.deepEqual([hasInput('one'), hasInput('two')], [false, true])
  await documents.remove(uploadOf('one'))
})

test('deleting the last document of an upload deletes the upload', async (t) => {
  const { documents, ledger, absorb } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  await absorb([
    acceptance,
    makeAcceptance(['one', 'two'], { runId: 'u2' }),
    uploadReport(acceptance),
  ])
  await documents.remove(uploadOf('one'))
  assert.equal(ledger.runs.get('u1'), undefined)
  assert.notEqual(ledger.runs.get('u2'), undefined)
})

test('an input that another document needs is kept', async (t) => {
  const { documents, ledger, absorb, putInput, hasInput } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  const { sha256 = '' } = acceptance.documents[0] ?? {}
  putInput('one')
  await absorb([acceptance, uploadReport(acceptance)])
  ledger.runs.add(makeUploadRequest({ runId: 'u2' }), 'another recipe')
  const plan = makePlan('d2', { runId: 'u2', fingerprint: 'another recipe' })
  ledger.documents.planUpload({ ...plan, sha256, mediaType: 'image/png' })
  await documents.remove(uploadOf('one'))
  assert.equal(hasInput('one'), true)
  ledger.documents.fail(firstPass('d2'), 'rejected', { code: 'corrupt_image', message: '' })
  await documents.remove('d2')
  assert.equal(hasInput('one'), false)
})

test('an input that is being accepted again is kept', async (t) => {
  const { documents, absorb, putInput, putTicket, hasInput } = await setUp(t)
  const acceptance = makeAcceptance(['one'])
  putInput('one')
  await absorb([acceptance, uploadReport(acceptance)])
  putTicket(makeAcceptance(['one'], { runId: 'u2', pass: 2 }))
  await documents.remove(uploadOf('one'))
  assert.equal(hasInput('one'), true)
})

test('a deleted file of a folder loses its outputs, never its input', async (t) => {
  const { documents, ledger, root, out, absorb } = await setUp(t, ['d1', 'd2'])
  for (const id of ['d1', 'd2']) writeFileSync(join(root, `${id}.png`), 'page')
  await absorb([pageReport(about('d1')), pageReport(about('d2'))])
  const outputs = (id: string) => ['txt', 'json'].map((format) => join(out, `${id}.png.${format}`))
  assert.deepEqual(outputs('d1').map(existsSync), [true, true])
  await documents.remove('d1')
  assert.equal(ledger.documents.get('d1'), undefined)
  assert.deepEqual(outputs('d1').map(existsSync), [false, false])
  assert.deepEqual(outputs('d2').map(existsSync), [true, true])
  assert.equal(existsSync(join(root, 'd1.png')), true)
  assert.notEqual(ledger.runs.get('r1'), undefined)
})

test('an output that cannot be deleted does not keep its document', async (t) => {
  const { documents, ledger, out, absorb } = await setUp(t, ['d1'])
  mkdirSync(join(out, 'd1.png.txt'))
  await absorb([pageReport(about('d1'))])
  assert.equal(rowOf(ledger, 'd1').error?.code, 'output_conflict')
  await documents.remove('d1')
  assert.equal(ledger.documents.get('d1'), undefined)
  rmSync(join(out, 'd1.png.txt'), { recursive: true })
})

test('a deleted document can be submitted again: its completion and cancellation marks are gone', async (t) => {
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

test('open documents are not deleted', async (t) => {
  const { documents, standing } = await setUp(t, ['d1'])
  await documents.remove('d1')
  assert.equal(standing('d1').state, 'planned')
})

test('an expired upload keeps its record and loses text and input', async (t) => {
  const { documents, ledger, absorb, putInput, putTicket, hasInput } = await setUp(t)
  for (const content of ['one', 'two']) {
    const acceptance = makeAcceptance([content], { runId: content })
    putInput(content)
    await absorb([acceptance, uploadReport(acceptance)])
  }
  putTicket(makeAcceptance(['two'], { runId: 'u9', pass: 2 }))
  documents.expire([rowOf(ledger, uploadOf('one')), rowOf(ledger, uploadOf('two'))])
  const { outcome, expiredAt } = rowOf(ledger, uploadOf('one'))
  assert.equal(outcome, 'succeeded')
  assert.notEqual(expiredAt, null)
  assert.deepEqual(ledger.pages.results(uploadOf('one')), [])
  assert.deepEqual([hasInput('one'), hasInput('two')], [false, true])
})
