import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Document, DocumentState } from '../../../../services/ledger/document.ts'
import type { Ledger } from '../../../../services/ledger/ledger.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { input, makeRequest } from '../../../helpers/ledger/records.ts'

type Documents = Ledger['documents']
type Transition = (documents: Documents, row: Document) => boolean

const states: readonly DocumentState[] = ['planned', 'waiting', 'read', 'final']
const read = { outcome: 'succeeded', error: null, worker: 'w' } as const
const error = { code: 'corrupt_image', message: 'is damaged' }
const next = ({ id, pass }: Document) => makePlan(id, { pass: pass + 1, jobId: `j${pass + 1}` })
const content = { sha256: 'abc', mediaType: 'image/png' }

/** Brings a new document into a state. */
const into: Record<DocumentState, (documents: Documents, id: string) => void> = {
  planned: (documents, id) => void documents.plan(makePlan(id)),
  waiting(documents, id) {
    documents.plan(makePlan(id))
    documents.waitFor(firstPass(id), 'original')
  },
  read(documents, id) {
    documents.plan(makePlan(id))
    documents.setRead(firstPass(id), read, null)
  },
  final(documents, id) {
    documents.plan(makePlan(id))
    documents.fail(firstPass(id), 'rejected', error)
  },
}

/** Every transition, the states it may start from, and the state it leads to. */
const transitions: Record<string, [Transition, from: DocumentState[], to: DocumentState | null]> = {
  plan: [(all, row) => all.plan(next(row), row), ['planned', 'waiting', 'final'], 'planned'],
  planLost: [(all, row) => all.planLost(next(row), row), ['read'], 'planned'],
  adopt: [(all, row) => all.adopt(row, 'r2'), ['planned'], 'planned'],
  setInput: [(all, row) => all.setInput(row, input, 1), ['planned'], 'planned'],
  waitFor: [(all, row) => all.waitFor(row, 'd9'), ['planned'], 'waiting'],
  setRead: [(all, row) => all.setRead(row, read, null), ['planned', 'waiting'], 'read'],
  settle: [(all, row) => all.settle(row, {}), ['read'], 'final'],
  rewrite: [(all, row) => all.rewrite(row, {}, []), ['final'], 'final'],
  fail: [(all, row) => all.fail(row, 'rejected', error), ['planned', 'waiting'], 'final'],
  failOutput: [(all, row) => all.failOutput(row, error), ['read', 'final'], 'final'],
  remove: [(all, row) => all.remove(row.id), ['final'], null],
}

for (const [name, [change, from, to]] of Object.entries(transitions)) {
  test(`${name} starts from ${from.join(', ')}, and reports when it did not happen`, (t) => {
    const { documents } = makeLedger(t)
    for (const state of states) {
      into[state](documents, state)
      const before = documents.get(state)
      assert.ok(before !== undefined)
      const happened = change(documents, before)
      assert.equal(happened, from.includes(state), `from ${state}`)
      const after = documents.get(state)
      if (happened) assert.equal(after?.state ?? null, to)
      else assert.deepEqual(after, before)
    }
  })

  // Only a final document is removed, whichever pass it ended with.
  if (name === 'remove') continue
  test(`${name} changes nothing of another pass`, (t) => {
    const ledger = makeLedger(t)
    for (const state of from) {
      into[state](ledger.documents, state)
      const before = rowOf(ledger, state)
      assert.equal(change(ledger.documents, { ...before, pass: before.pass + 1 }), false)
      assert.deepEqual(rowOf(ledger, state), before)
    }
  })
}

test('a plan based on an outdated state changes nothing', (t) => {
  const ledger = makeLedger(t)
  ledger.documents.plan(makePlan('d1'))
  const seen = rowOf(ledger, 'd1')
  ledger.documents.setRead(seen, read, null)
  assert.equal(ledger.documents.plan(next(seen), seen), false, 'it has been read since')
  assert.equal(ledger.documents.plan(makePlan('d1')), false, 'it is not new')
  assert.equal(rowOf(ledger, 'd1').state, 'read')
})

test('an upload is planned from any state, by a later pass only', (t) => {
  const { documents } = makeLedger(t)
  for (const id of states) documents.planUpload({ ...makePlan(id), ...content })
  documents.waitFor(firstPass('waiting'), 'original')
  documents.setRead(firstPass('read'), read, null)
  documents.fail(firstPass('final'), 'rejected', error)
  for (const id of states) {
    assert.equal(documents.planUpload({ ...makePlan(id), ...content }), false)
    assert.equal(documents.planUpload({ ...makePlan(id, { pass: 2 }), ...content }), true)
    const row = documents.get(id)
    assert.deepEqual([row?.state, row?.pass, row?.outcome], ['planned', 2, null])
  }
})

test('only a final upload expires, once', (t) => {
  const { documents } = makeLedger(t)
  documents.plan(makePlan('folder'))
  documents.planUpload({ ...makePlan('upload'), ...content })
  assert.equal(documents.expire('upload'), false, 'it is planned')
  for (const id of ['folder', 'upload']) documents.fail(firstPass(id), 'rejected', error)
  assert.equal(documents.expire('folder'), false, 'it is a file of a folder')
  assert.deepEqual([documents.expire('upload'), documents.expire('upload')], [true, false])
})

test('a run ends once, and only an ended run is reopened', (t) => {
  const { runs } = makeLedger(t)
  assert.equal(runs.end('nobody', 'finished', null), false)
  runs.add(makeRequest(), 'fp')
  assert.equal(runs.reopen('r1'), false, 'it is active')
  assert.deepEqual(
    [runs.end('r1', 'finished', '{}'), runs.end('r1', 'cancelled', null)],
    [true, false],
  )
  assert.equal(runs.get('r1')?.state, 'finished')
  assert.equal(runs.reopen('r1'), true)
})
