import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLedger } from '../../helpers/ledger/ledger.ts'
import { makeRequest, makeUploadRequest } from '../../helpers/ledger/records.ts'

test('active folder runs and active uploads are listed separately', (t) => {
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

test('an upload starts at its acceptance, and keeps its first record', (t) => {
  const { runs } = makeLedger(t)
  const acceptedAt = '2026-01-01T00:00:00.000Z'
  const request = makeUploadRequest({ labels: { tag: 'red', metadata: { from: 'a test' } } })
  runs.add(request, 'fp', acceptedAt)
  runs.add({ ...request, labels: { tag: 'blue', metadata: {} } }, 'fp')
  assert.equal(runs.get('u1')?.startedAt, acceptedAt)
  assert.deepEqual(runs.get('u1')?.request, request)
})

test('a reopened run starts now', (t) => {
  const { runs } = makeLedger(t)
  runs.add(makeRequest({ runId: 'r1' }), 'fp', '2026-01-01T00:00:00.000Z')
  runs.end('r1', 'cancelled', '{}')
  runs.reopen('r1')
  const { state, startedAt, finishedAt, report } = runs.get('r1') ?? {}
  assert.deepEqual([state, finishedAt, report], ['active', null, null])
  assert.ok(Date.now() - Date.parse(startedAt ?? '') < 60_000)
})

test('a run ends once, and its end stays unpublished until it is marked', (t) => {
  const { runs } = makeLedger(t)
  runs.add(makeRequest({ runId: 'r1' }), 'fp')
  runs.add(makeUploadRequest({ runId: 'u1' }), 'fp')
  assert.equal(runs.end('r1', 'finished', '{}'), true)
  assert.equal(runs.end('r1', 'interrupted', null), false)
  assert.deepEqual([runs.get('r1')?.state, runs.get('r1')?.report], ['finished', '{}'])
  runs.end('u1', 'finished', null)
  const untold = () => runs.unannounced().map(({ id }) => id)
  assert.deepEqual(untold(), ['r1'], 'an upload has no watcher of its report')
  runs.setAnnounced('r1')
  assert.deepEqual(untold(), [])
  runs.reopen('r1')
  runs.setAnnounced('r1')
  runs.end('r1', 'finished', null)
  assert.deepEqual(untold(), ['r1'])
})

test('deleting a run deletes no other', (t) => {
  const { runs } = makeLedger(t)
  runs.add(makeUploadRequest({ runId: 'u1' }), 'fp')
  runs.add(makeUploadRequest({ runId: 'u2' }), 'fp')
  runs.remove('u1')
  assert.equal(runs.get('u1'), undefined)
  assert.equal(runs.get('u2')?.id, 'u2')
})

test('open runs are found by fingerprint: one of each, and all of one in batches', (t) => {
  const { runs } = makeLedger(t)
  const add = (runId: string, fingerprint: string): void =>
    runs.add(makeUploadRequest({ runId }), fingerprint)
  assert.deepEqual(runs.openRecipes(), [])
  for (let n = 0; n < 120; n += 1) add(`b${n}`, 'fp-b')
  for (const name of ['c', 'a']) add(name, `fp-${name}`)
  add('ended', 'fp-ended')
  runs.end('ended', 'finished', null)
  assert.deepEqual(
    runs.openRecipes().map(({ fingerprint }) => fingerprint),
    ['fp-a', 'fp-b', 'fp-c'],
  )
  const pieces = [...runs.activeWith('fp-b')]
  assert.ok(pieces.every(({ length }) => length <= 50))
  assert.equal(new Set(pieces.flat().map(({ id }) => id)).size, 120)
  assert.deepEqual([...runs.activeWith('fp-ended')], [])
})
