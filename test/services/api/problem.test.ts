import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRequest, scrub, toProblem, TryLater } from '../../../services/api/problem.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'

test('folders of the host are taken out of a message', () => {
  const cases: [message: string, shown: string][] = [
    ['/srv/data/ledger.sqlite has version 3', '… has version 3'],
    [
      "ENOENT: no such file or directory, open '/home/me/in/a.png'",
      "ENOENT: no such file or directory, open '…'",
    ],
    ['cannot write "/srv/out" (/srv/out/a.txt): full', 'cannot write "…" (…): full'],
    ['SCRIPTORIUM_DATA=/srv/data/x is held', 'SCRIPTORIUM_DATA=… is held'],
    ['/a/b and /c/d/', '… and …'],
  ]
  for (const [message, shown] of cases) assert.equal(scrub(message), shown)
})

test('what is no folder stays', () => {
  const messages = [
    'page 1/2 is damaged',
    'holds image/png; JPEG, PNG, TIFF are read',
    'POST /v1/runs reads folders',
    'see /docs',
    'deep/scan.png is not there',
    'https://example.org/a/b answered',
  ]
  for (const message of messages) assert.equal(scrub(message), message)
})

test('a problem says what, whether to come back, and where it is wrong', () => {
  const faults = [{ path: '/options/recipe/psm', message: 'Expected integer' }]
  const invalid = toProblem(new InvalidRequest('invalid_request', faults), 'id 1')
  assert.deepEqual(invalid, {
    type: 'urn:scriptorium:error:invalid_request',
    title: 'Invalid request',
    status: 422,
    detail: '/options/recipe/psm: Expected integer',
    code: 'invalid_request',
    retryable: false,
    requestId: 'id 1',
    errors: faults,
  })
  const full = toProblem(
    new ScriptoriumError('disk_full', 'the disk of /srv/data/x is full'),
    'id 2',
  )
  assert.deepEqual(
    [full.retryable, full.detail, full.errors],
    [true, 'the disk of … is full', undefined],
  )
})

test('the time to come back is whole seconds, at least one', () => {
  const seconds = [0, 0.2, 1, 1.1].map(
    (given) => new TryLater('queue_full', '', given).retryAfterSeconds,
  )
  assert.deepEqual(seconds, [1, 1, 1, 2])
})
