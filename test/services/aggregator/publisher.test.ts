import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PDFDocument } from '@cantoo/pdf-lib'
import { createPublisher } from '../../../services/aggregator/publisher.ts'
import type { Format } from '../../../shared/contract.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { makeLedger, makePlan, rowOf } from '../../helpers/ledger.ts'
import { silent } from '../../helpers/private-redis.ts'
import { input, makePage, makeRequest, makeRun, makeUploadRequest } from '../../helpers/records.ts'

/** A ledger with documents that are read and not yet written. */
function setUp(t: TestContext, paths: readonly string[], formats: Format[] = ['txt', 'json']) {
  const ledger = makeLedger(t)
  const out = makeFolder(t)
  ledger.runs.add(makeRequest({ out, formats }), 'fp')
  const ids = paths.map((path, index) => {
    const id = `d${index}`
    ledger.documents.plan(makePlan(id, { path }))
    ledger.documents.setInput(id, input, 1)
    ledger.pages.putResult(id, makePage({ text: `text of ${path}` }))
    ledger.documents.setRead(id, { outcome: 'succeeded', error: null, worker: 'w' }, null)
    return id
  })
  const temporary = join(out, '.scriptorium', 'tmp')
  const announced: string[] = []
  const publisher = createPublisher(ledger, (id) => announced.push(id), silent)
  return { ledger, out, ids, temporary, publisher, announced }
}

test('a document becomes final with its files, whose hashes are kept', async (t) => {
  const { ledger, out, ids, publisher, temporary } = setUp(t, ['deep/er/a.png'])
  await publisher.publish(ids)
  const text = readFileSync(join(out, 'deep/er/a.png.txt'), 'utf8')
  const json = readFileSync(join(out, 'deep/er/a.png.json'), 'utf8')
  assert.equal(text, 'text of deep/er/a.png\n')
  const { state, outputs } = rowOf(ledger, 'd0')
  assert.equal(state, 'final')
  assert.deepEqual(JSON.parse(outputs ?? ''), {
    txt: hash('sha256', text),
    json: hash('sha256', json),
  })
  assert.deepEqual(readdirSync(temporary), [])
})

test('only the formats that were asked for are written', async (t) => {
  const { out, ids, publisher } = setUp(t, ['a.png'], ['txt'])
  await publisher.publish(ids)
  assert.deepEqual(readdirSync(out).toSorted(), ['.scriptorium', 'a.png.txt'])
})

test('writing again replaces what was there', async (t) => {
  const { out, ids, publisher } = setUp(t, ['a.png'])
  writeFileSync(join(out, 'a.png.txt'), 'a longer text that somebody has edited')
  await publisher.publish(ids)
  await publisher.publish(ids)
  assert.equal(readFileSync(join(out, 'a.png.txt'), 'utf8'), 'text of a.png\n')
})

test('where a name is taken or too long, that document alone fails', async (t) => {
  const long = 'x'.repeat(254)
  const { ledger, out, ids, publisher, temporary } = setUp(t, [
    'dir.png',
    'f/a.png',
    long,
    'ok.png',
  ])
  mkdirSync(join(out, 'dir.png.txt'))
  writeFileSync(join(out, 'f'), 'a file where a folder should be')
  await publisher.publish(ids)
  const told = ids.map((id) => [rowOf(ledger, id).outcome, rowOf(ledger, id).error_code])
  const conflict = ['failed', 'output_conflict']
  assert.deepEqual(told, [conflict, conflict, conflict, ['succeeded', null]])
  assert.deepEqual(readdirSync(temporary), [])
})

test('a document is told about once it is final, not when it is written again or not at all', async (t) => {
  const { ledger, ids, publisher, announced } = setUp(t, ['a.png', 'b.png'])
  mkdirSync(join(ledger.runs.get('r1')?.request.out ?? '', 'b.png.txt'))
  await publisher.publish(ids)
  assert.deepEqual(announced, ids, 'one was read, one has failed for its output')
  await publisher.publish(ids, ledger.runs.get('r1'))
  ledger.documents.plan(makePlan('d9', { run_id: 'nobody' }))
  await publisher.publish(['d9', 'unknown'])
  assert.deepEqual(announced, ids)
})

function refuse(): never {
  throw new Error('nobody wants to know')
}

test('the password of PDFs is that of the run that writes them, and asked for where it is needed only', async (t) => {
  const folder = makeFolder(t)
  const made = await PDFDocument.create()
  made.addPage([200, 300])
  made.encrypt({ userPassword: 'heron', ownerPassword: 'owner' })
  const bytes = await made.save()
  writeFileSync(join(folder, 'a.pdf'), bytes)
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest({ root: folder, out: folder, formats: ['txt', 'pdf'] }), 'fp')
  const plan = (id: string, path: string, mediaType: string): void => {
    ledger.documents.plan(makePlan(id, { path }))
    ledger.documents.setInput(id, { ...input, sha256: hash('sha256', bytes), mediaType }, 1)
    ledger.pages.putResult(id, makePage())
    ledger.documents.setRead(id, { outcome: 'succeeded', error: null, worker: 'w' }, null)
  }
  plan('d1', 'a.pdf', 'application/pdf')
  plan('d2', 'b.png', 'image/png')
  const asked: string[] = []
  const publisher = createPublisher(
    ledger,
    () => undefined,
    silent,
    ({ id }) => {
      asked.push(id)
      return Promise.resolve(id === 'r2' ? 'heron' : undefined)
    },
  )
  await publisher.publish(['d1', 'd2'])
  assert.deepEqual(asked, ['r1'])
  assert.deepEqual(Object.keys(JSON.parse(rowOf(ledger, 'd1').outputs ?? '')), ['txt'])
  const [reason] = JSON.parse(rowOf(ledger, 'd1').unavailable ?? '')
  assert.deepEqual([reason.format, reason.code], ['pdf', 'password_required'])
  assert.equal(ledger.documents.countUnavailable('r1'), 2, 'of the other the input is missing')

  const given = { runId: 'r2', root: folder, out: folder }
  await publisher.publish(['d1'], makeRun({ ...given, formats: ['txt'] }))
  assert.deepEqual(asked, ['r1'], 'text needs none')
  await publisher.publish(['d1'], makeRun({ ...given, formats: ['txt', 'pdf'] }))
  assert.deepEqual(asked, ['r1', 'r2'])
  assert.equal(readFileSync(join(folder, 'a.pdf.pdf'), 'latin1').includes('/Encrypt'), false)
  assert.equal(rowOf(ledger, 'd1').unavailable, null, 'all of it is there')
})

test('what is told about documents is committed with them or not at all', async (t) => {
  const { ledger, ids } = setUp(t, ['a.png'])
  await assert.rejects(createPublisher(ledger, refuse, silent).publish(ids), /nobody wants/)
  assert.deepEqual(ledger.documents.unpublished(), ids)
})

test('an upload becomes final without any file', async (t) => {
  const { ledger, out, publisher, announced } = setUp(t, [])
  ledger.runs.add(makeUploadRequest({ out: join(out, 'nowhere') }), 'fp')
  const plan = makePlan('d1', { run_id: 'u1' })
  ledger.documents.planUpload({ ...plan, sha256: 'abc', media_type: 'image/png' })
  ledger.documents.setRead('d1', { outcome: 'succeeded', error: null, worker: 'w' }, null)
  await publisher.publish(['d1'])
  const { state, outputs } = rowOf(ledger, 'd1')
  assert.deepEqual([state, outputs], ['final', '{}'])
  assert.deepEqual(readdirSync(out), [])
  assert.deepEqual(announced, ['d1'])
})

test('while the disk refuses, nothing is final, and another try makes it so', async (t) => {
  const { ledger, out, ids, publisher, temporary } = setUp(t, ['a.png', 'b.png'])
  publisher.filesOf(out)
  rmSync(temporary, { recursive: true })
  await assert.rejects(publisher.publish(ids), { code: 'ENOENT' })
  assert.deepEqual(ledger.documents.unpublished().toSorted(), ids)

  mkdirSync(temporary)
  await publisher.publish(ids)
  assert.deepEqual(ledger.documents.unpublished(), [])
  assert.equal(rowOf(ledger, 'd1').state, 'final')
})

test('what a killed process left half-written is swept away', (t) => {
  const { out, publisher, temporary } = setUp(t, [])
  const files = publisher.filesOf(out)
  writeFileSync(join(temporary, 'half'), '')
  files.sweep()
  assert.deepEqual(readdirSync(temporary), [])
})

test('a document whose run is unknown is passed by', async (t) => {
  const { ledger, publisher } = setUp(t, [])
  ledger.documents.plan(makePlan('d9', { run_id: 'nobody' }))
  await publisher.publish(['d9', 'unknown'])
  assert.equal(rowOf(ledger, 'd9').state, 'planned')
})
