import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Document } from '../../../../services/ledger/document.ts'
import { createDecider, documentIdOf } from '../../../../services/aggregator/planning/plan-file.ts'
import { nextPass } from '../../../../services/ledger/document-jobs.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makeLedger, rowOf } from '../../../helpers/ledger/ledger.ts'
import { makePage, makeRun } from '../../../helpers/ledger/records.ts'

/** A folder with `a.png` that an earlier run r0 has read, and the decision of a later run r1 about it. */
function setUp(t: TestContext) {
  const root = makeFolder(t)
  const out = makeFolder(t)
  const ledger = makeLedger(t)
  const file = join(root, 'a.png')
  writeFileSync(file, 'page')
  const stat = statKey(statSync(file, { bigint: true }))
  const id = documentIdOf(makeRun({ root, out }), 'a.png')
  const decide = (given: Partial<FolderRequest> = {}, at = stat, fingerprint = 'fp') => {
    const run = makeRun({ root, out, ...given }, fingerprint)
    return createDecider(run, (wanted) => ledger.documents.get(wanted))('a.png', at)
  }
  const plan = async (given: Partial<FolderRequest> = {}): Promise<Document> => {
    const decision = await decide({ runId: 'r0', force: true, ...given })
    assert.ok(decision.action === 'read')
    ledger.documents.plan(decision.plan)
    return rowOf(ledger, id)
  }
  const read = async (page?: Partial<PageResult>): Promise<void> => {
    await plan()
    if (page !== undefined) ledger.pages.putResult(id, makePage(page))
    const input = { sha256: hash('sha256', 'page'), bytes: 4, mediaType: 'image/png' }
    ledger.documents.setInput(firstPass(id), input, 1)
    ledger.documents.setRead(
      firstPass(id),
      { outcome: 'succeeded', error: null, worker: 'w' },
      null,
    )
    const outputs = { txt: hash('sha256', 'text'), json: hash('sha256', 'json') }
    writeFileSync(join(out, 'a.png.txt'), 'text')
    writeFileSync(join(out, 'a.png.json'), 'json')
    ledger.documents.settle(firstPass(id), outputs)
  }
  const fail = async (outcome: 'rejected' | 'cancelled'): Promise<void> => {
    await plan()
    ledger.documents.fail(firstPass(id), outcome, { code: 'corrupt_image', message: 'is damaged' })
  }
  return { root, out, file, stat, id, decide, plan, read, fail }
}

test('an unknown file is read', async (t) => {
  const { decide, id, stat } = setUp(t)
  const decision = await decide()
  assert.ok(decision.action === 'read')
  const { plan, mayHaveTwin } = decision
  assert.deepEqual(
    { id: plan.id, path: plan.path, stat: plan.stat, bytes: plan.bytes, pass: plan.pass },
    { id, path: 'a.png', stat, bytes: 4, pass: 1 },
  )
  assert.equal(mayHaveTwin, true)
})

test('ids are letters and digits, and differ by output folder, root and path', () => {
  const ids = [
    documentIdOf(makeRun(), 'a.png'),
    documentIdOf(makeRun(), 'b.png'),
    documentIdOf(makeRun({ root: '/others' }), 'a.png'),
    documentIdOf(makeRun({ out: '/others' }), 'a.png'),
  ]
  assert.equal(new Set(ids).size, 4)
  for (const id of ids) assert.match(id, /^d[0-9a-z]{26}$/)
})

test('unchanged finished files are skipped', async (t) => {
  const { decide, read } = setUp(t)
  await read()
  const decision = await decide()
  assert.ok(decision.action === 'skip' && !decision.failed)
})

test('documents that ended in this run are counted already', async (t) => {
  const { decide, read } = setUp(t)
  await read()
  assert.deepEqual(await decide({ runId: 'r0' }), { action: 'counted' })
})

test('a changed file, another recipe and --force read again, under a new job id', async (t) => {
  const { decide, read, plan } = setUp(t)
  const { jobId: before } = await plan()
  await read()
  const decisions = [
    await decide({}, '5-1-1'),
    await decide({}, undefined, 'another'),
    await decide({ force: true }),
  ]
  for (const decision of decisions) {
    assert.ok(decision.action === 'read')
    assert.equal(decision.plan.pass, 2)
    assert.notEqual(decision.plan.jobId, before)
  }
  assert.ok(decisions[2]?.action === 'read' && !decisions[2].mayHaveTwin)
})

test('a planned document keeps its job id, so that the queue deduplicates it', async (t) => {
  const { decide, plan } = setUp(t)
  const planned = await plan()
  const decision = await decide()
  assert.ok(decision.action === 'read')
  assert.equal(decision.plan.jobId, planned.jobId)
  assert.equal(nextPass(planned).pass, 2)
  assert.notEqual(nextPass(planned).jobId, planned.jobId)
})

test('failed documents are read again only with --retry-failed', async (t) => {
  const { decide, fail } = setUp(t)
  await fail('rejected')
  const decision = await decide()
  assert.ok(decision.action === 'skip' && decision.failed)
  assert.equal((await decide({ retryFailed: true })).action, 'read')
})

test('documents whose reading was given up are read again only with --retry-warned', async (t) => {
  const { decide, read } = setUp(t)
  await read({ warnings: [{ code: 'reading_given_up', message: 'page_timeout' }] })
  assert.equal((await decide({ retryFailed: true })).action, 'skip')
  assert.equal((await decide({ retryWarned: true })).action, 'read')
})

test('missed text alone is not read again: the same reading would miss it again', async (t) => {
  const { decide, read } = setUp(t)
  await read({ warnings: [{ code: 'text_missed', message: '9 %' }] })
  assert.equal((await decide({ retryWarned: true })).action, 'skip')
})

test('cancelled documents are read', async (t) => {
  const { decide, fail } = setUp(t)
  await fail('cancelled')
  assert.equal((await decide()).action, 'read')
})

test('a missing output is restored, also one of a new format', async (t) => {
  const { decide, read, out } = setUp(t)
  await read()
  rmSync(join(out, 'a.png.json'))
  assert.equal((await decide()).action, 'restore')
  assert.equal((await decide({ formats: ['txt'] })).action, 'skip')
})

test('a missing output folder is no error', async (t) => {
  const { decide, read, out } = setUp(t)
  await read()
  rmSync(out, { recursive: true })
  assert.equal((await decide()).action, 'restore')
  mkdirSync(out)
})

test('an edited output is detected with --checksum only', async (t) => {
  const { decide, read, out } = setUp(t)
  await read()
  assert.equal((await decide({ checksum: true })).action, 'skip')
  writeFileSync(join(out, 'a.png.txt'), 'edited')
  assert.equal((await decide()).action, 'skip')
  assert.equal((await decide({ checksum: true })).action, 'restore')
})

test('an input whose bytes changed behind the same stat is detected with --checksum', async (t) => {
  const { decide, read, file } = setUp(t)
  await read()
  writeFileSync(file, 'egap')
  assert.equal((await decide()).action, 'skip')
  assert.equal((await decide({ checksum: true })).action, 'read')
})
