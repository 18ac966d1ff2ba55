import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLedger } from '../../helpers/ledger.ts'
import { makeRequest, makeUploadRequest } from '../../helpers/records.ts'

test('folder runs and uploads that go on are kept apart', (t) => {
  const { runs } = makeLedger(t)
  runs.add(makeRequest({ runId: 'r1' }), 'fp')
  runs.add(makeUploadRequest({ runId: 'u1' }), 'fp')
  runs.add(makeUploadRequest({ runId: 'u2' }), 'fp')
  runs.end('u2', 'finished', null)
  assert.deepEqual(
    runs.active().map(({ id }) => id),
    ['r1'],
  )
  assert.deepEqual(runs.activeUploads(), ['u1'])
})

test('an upload began when it was accepted, and stays as it was entered first', (t) => {
  const { runs } = makeLedger(t)
  const acceptedAt = '2026-01-01T00:00:00.000Z'
  const request = makeUploadRequest({ labels: { tag: 'red', metadata: { from: 'a test' } } })
  runs.add(request, 'fp', acceptedAt)
  runs.add({ ...request, labels: { tag: 'blue', metadata: {} } }, 'fp')
  assert.equal(runs.get('u1')?.startedAt, acceptedAt)
  assert.deepEqual(runs.get('u1')?.request, request)
})

test('a run that had ended goes on as one that begins now', (t) => {
  const { runs } = makeLedger(t)
  runs.add(makeRequest({ runId: 'r1' }), 'fp', '2026-01-01T00:00:00.000Z')
  runs.end('r1', 'cancelled', '{}')
  runs.reopen('r1')
  const { state, startedAt, finishedAt, report } = runs.get('r1') ?? {}
  assert.deepEqual([state, finishedAt, report], ['active', null, null])
  assert.ok(Date.now() - Date.parse(startedAt ?? '') < 60_000)
})

test('a run that is removed is gone, and no other', (t) => {
  const { runs } = makeLedger(t)
  runs.add(makeUploadRequest({ runId: 'u1' }), 'fp')
  runs.add(makeUploadRequest({ runId: 'u2' }), 'fp')
  runs.remove('u1')
  assert.equal(runs.get('u1'), undefined)
  assert.equal(runs.get('u2')?.id, 'u2')
})
