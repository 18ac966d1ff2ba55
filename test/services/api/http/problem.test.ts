import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRequest, toProblem, TryLater } from '../../../../services/api/http/problem.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'

test('a problem has its code, retryability and the place of each error', () => {
  const faults = [{ path: '/options/recipe/psm', message: 'must be an integer between 1 and 13' }]
  const invalid = toProblem(new InvalidRequest('invalid_request', faults), 'id 1')
  assert.deepEqual(invalid, {
    type: 'urn:scriptorium:error:invalid_request',
    title: 'Invalid request',
    status: 422,
    detail: '/options/recipe/psm must be an integer between 1 and 13',
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

test('Retry-After is in whole seconds, at least one', () => {
  const seconds = [0, 0.2, 1, 1.1].map(
    (given) => new TryLater('queue_full', '', given).retryAfterSeconds,
  )
  assert.deepEqual(seconds, [1, 1, 1, 2])
})
