import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PDFDocument } from '@cantoo/pdf-lib'
import { createPublisher } from '../../../../services/outputs/publish/publisher.ts'
import type { Format } from '../../../../shared/contract/result/formats.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan, planInto, rowOf } from '../../../helpers/ledger/ledger.ts'
import { silent } from '../../../helpers/processes/private-redis.ts'
import {
  input,
  makePage,
  makeRequest,
  makeRun,
  makeUploadRequest,
} from '../../../helpers/ledger/records.ts'

/** A ledger with documents that are read and not yet written. */
function setUp(t: TestContext, paths: readonly string[], formats: Format[] = ['txt', 'json']) {
  const ledger = makeLedger(t)
  const out = makeFolder(t)
  ledger.runs.add(makeRequest({ out, formats }), 'fp')
  const ids = paths.map((path, index) => {
    const id = `d${index}`
    planInto(ledger, out, makePlan(id, { path }), formats)
    ledger.documents.setInput(firstPass(id), input, 1)
    ledger.pages.putResult(id, makePage({ text: `text of ${path}` }))
    ledger.documents.setRead(
      firstPass(id),
      { outcome: 'succeeded', error: null, worker: 'w' },
      null,
    )
    return id
  })
  const temporary = join(out, '.scriptorium', 'tmp')
  const announced: string[] = []
  const publisher = createPublisher(ledger, (id) => announced.push(id), silent)
  return { ledger, out, ids, temporary, publisher, announced }
}

test('a document becomes final with its files, whose hashes are stored', async (t) => {
  const { ledger, out, ids, publisher, temporary } = setUp(t, ['deep/er/a.png'])
  await publisher.publish(ids)
  const text = readFileSync(join(out, 'deep/er/a.png.txt'), 'utf8')
  const json = readFileSync(join(out, 'deep/er/a.png.json'), 'utf8')
  assert.equal(text, 'text of deep/er/a.png\n')
  const { state, outputs } = rowOf(ledger, 'd0')
  assert.equal(state, 'final')
  assert.deepEqual(outputs, {
    txt: hash('sha256', text),
    json: hash('sha256', json),
  })
  assert.deepEqual(readdirSync(temporary), [])
})

test('only the requested formats are written', async (t) => {
  const { out, ids, publisher } = setUp(t, ['a.png'], ['txt'])
  await publisher.publish(ids)
  assert.deepEqual(readdirSync(out).toSorted(), ['.scriptorium', 'a.png.txt'])
})

test('a second writing replaces the files', async (t) => {
  const { out, ids, publisher } = setUp(t, ['a.png'])
  writeFileSync(join(out, 'a.png.txt'), 'a longer text that somebody has edited')
  await publisher.publish(ids)
  await publisher.publish(ids)
  assert.equal(readFileSync(join(out, 'a.png.txt'), 'utf8'), 'text of a.png\n')
})

test('a document whose name is taken or too long fails alone', async (t) => {
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
  const told = ids.map((id) => [rowOf(ledger, id).outcome, rowOf(ledger, id).error?.code ?? null])
  const conflict = ['failed', 'output_conflict']
  assert.deepEqual(told, [conflict, conflict, conflict, ['succeeded', null]])
  assert.deepEqual(readdirSync(temporary), [])
})

test('a document is announced once it is final, not when it is written again or not at all', async (t) => {
  const { ledger, ids, publisher, announced } = setUp(t, ['a.png', 'b.png'])
  mkdirSync(join(ledger.runs.getFolder('r1')?.request.out ?? '', 'b.png.txt'))
  await publisher.publish(ids)
  assert.deepEqual(announced, ids, 'one was read, one has failed for its output')
  await publisher.publish(ids, ledger.runs.getFolder('r1'))
  ledger.documents.plan(makePlan('d9', { runId: 'nobody' }))
  await publisher.publish(['d9', 'unknown'])
  assert.deepEqual(announced, ids)
})

function refuse(): never {
  throw new Error('the announcement is refused')
}

test('PDFs are opened with the password of the run that writes them, requested only when needed', async (t) => {
  const folder = makeFolder(t)
  const made = await PDFDocument.create()
  made.addPage([200, 300])
  made.encrypt({ userPassword: 'heron', ownerPassword: 'owner' })
  const bytes = await made.save()
  writeFileSync(join(folder, 'a.pdf'), bytes)
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest({ root: folder, out: folder, formats: ['txt', 'pdf'] }), 'fp')
  const plan = (id: string, path: string, mediaType: string): void => {
    planInto(ledger, folder, makePlan(id, { path }), ['txt', 'pdf'])
    ledger.documents.setInput(
      firstPass(id),
      { ...input, sha256: hash('sha256', bytes), mediaType },
      1,
    )
    ledger.pages.putResult(id, makePage())
    ledger.documents.setRead(
      firstPass(id),
      { outcome: 'succeeded', error: null, worker: 'w' },
      null,
    )
  }
  plan('d1', 'a.pdf', 'application/pdf')
  plan('d2', 'b.png', 'image/png')
  const asked: string[] = []
  const publisher = createPublisher(ledger, () => undefined, silent, {
    pdfPasswordOf({ id }) {
      asked.push(id)
      return Promise.resolve(id === 'r2' ? 'heron' : undefined)
    },
  })
  await publisher.publish(['d1', 'd2'])
  assert.deepEqual(asked, ['r1'])
  assert.deepEqual(Object.keys(rowOf(ledger, 'd1').outputs), ['txt'])
  const [reason] = rowOf(ledger, 'd1').unavailable
  assert.deepEqual([reason?.format, reason?.code], ['pdf', 'password_required'])
  assert.equal(ledger.documents.countUnavailable('r1'), 2, 'of the other the input is missing')

  const given = { runId: 'r2', root: folder, out: folder }
  await publisher.publish(['d1'], makeRun({ ...given, formats: ['txt'] }))
  assert.deepEqual(asked, ['r1'], 'text needs none')
  await publisher.publish(['d1'], makeRun({ ...given, formats: ['txt', 'pdf'] }))
  assert.deepEqual(asked, ['r1', 'r2'])
  assert.equal(readFileSync(join(folder, 'a.pdf.pdf'), 'latin1').includes('/Encrypt'), false)
  assert.deepEqual(rowOf(ledger, 'd1').unavailable, [], 'all of it is there')
})

test('announcements are committed with their documents or not at all', async (t) => {
  const { ledger, ids } = setUp(t, ['a.png'])
  await assert.rejects(
    createPublisher(ledger, refuse, silent).publish(ids),
    /announcement is refused/,
  )
  assert.deepEqual(ledger.documents.unpublished(), ids)
})

test('an upload becomes final without files', async (t) => {
  const { ledger, out, publisher, announced } = setUp(t, [])
  ledger.runs.add(makeUploadRequest(), 'fp')
  const plan = makePlan('d1', { runId: 'u1' })
  ledger.documents.planUpload({ ...plan, sha256: 'abc', mediaType: 'image/png' })
  ledger.pages.putResult('d1', makePage({ text: 'text' }))
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  await publisher.publish(['d1'])
  const { state, outputs } = rowOf(ledger, 'd1')
  assert.deepEqual([state, outputs], ['final', {}])
  assert.deepEqual(readdirSync(out), [])
  assert.deepEqual(announced, ['d1'])
})

test('while the disk fails no document becomes final, and a retry succeeds', async (t) => {
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

test('temporary files of a killed process are swept', (t) => {
  const { out, publisher, temporary } = setUp(t, [])
  const files = publisher.filesOf(out)
  writeFileSync(join(temporary, 'half'), '')
  files.sweep()
  assert.deepEqual(readdirSync(temporary), [])
})

test('a document of an unknown run is skipped', async (t) => {
  const { ledger, publisher } = setUp(t, [])
  ledger.documents.plan(makePlan('d9', { runId: 'nobody' }))
  await publisher.publish(['d9', 'unknown'])
  assert.equal(rowOf(ledger, 'd9').state, 'planned')
})

test('a document without its pages is not written: it is read again', async (t) => {
  const { ledger, out, ids, publisher, announced } = setUp(t, ['a.png', 'b.png'])
  ledger.pages.clear('d0')
  assert.deepEqual(await publisher.publish(ids), { written: ['d1'], failed: [], lost: ['d0'] })
  const { state, pass, outcome } = rowOf(ledger, 'd0')
  assert.deepEqual([state, pass, outcome], ['planned', 2, null])
  assert.equal(existsSync(join(out, 'a.png.txt')), false)
  assert.deepEqual(announced, ['d1'])
})

test('a final document that lost its pages is read again, not written without text', async (t) => {
  const { ledger, out, ids, publisher } = setUp(t, ['a.png'])
  await publisher.publish(ids)
  ledger.pages.clear('d0')
  ledger.runs.add(makeRequest({ runId: 'r2', out }), 'fp')
  const { lost } = await publisher.publish(ids, makeRun({ runId: 'r2', out }))
  assert.deepEqual(lost, ['d0'])
  const { state, runId } = rowOf(ledger, 'd0')
  assert.deepEqual([state, runId], ['planned', 'r2'])
  assert.equal(readFileSync(join(out, 'a.png.txt'), 'utf8'), 'text of a.png\n')
})

test('a document written twice concurrently becomes final once', async (t) => {
  const { ids, publisher, announced } = setUp(t, ['a.png'])
  const both = await Promise.all([publisher.publish(ids), publisher.publish(ids)])
  assert.deepEqual(
    both.flatMap(({ written }) => written),
    ['d0'],
  )
  assert.deepEqual(announced, ['d0'])
})
