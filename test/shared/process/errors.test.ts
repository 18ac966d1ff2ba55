import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  exitCodes,
  isErrorCode,
  ScriptoriumError,
  systemCode,
  toError,
  type ErrorCode,
} from '../../../shared/process/errors.ts'

const isRetried = (code: ErrorCode): boolean => new ScriptoriumError(code, '').retryable
const exitOf = (code: ErrorCode): number => new ScriptoriumError(code, '').exitCode

test('each error code has its retryability, HTTP status and exit code', () => {
  const { code, message, retryable, httpStatus, exitCode } = new ScriptoriumError(
    'redis_unreachable',
    'Redis does not answer',
  )
  assert.deepEqual(
    { code, message, retryable, httpStatus, exitCode },
    {
      code: 'redis_unreachable',
      message: 'Redis does not answer',
      retryable: true,
      httpStatus: 503,
      exitCode: exitCodes.redisUnreachable,
    },
  )
})

test('a faulty document is not retried, a failed attempt is', () => {
  const faulty: ErrorCode[] = ['empty_file', 'unsupported_type', 'corrupt_image', 'too_large']
  const unlucky: ErrorCode[] = ['page_timeout', 'engine_failed', 'engine_crash']
  assert.deepEqual(faulty.filter(isRetried), [])
  assert.deepEqual(unlucky.filter(isRetried), unlucky)
  assert.equal(isRetried('worker_crash'), false, 'its attempts are counted already')
})

test('each configuration error ends the command with its documented exit code', () => {
  assert.equal(exitOf('bad_arguments'), 1)
  assert.equal(exitOf('output_inside_input'), 1)
  assert.equal(exitOf('unknown_variable'), 1)
  assert.equal(exitOf('redis_unreachable'), 3)
  assert.equal(exitOf('aggregator_missing'), 3)
  assert.equal(exitOf('input_unreadable'), 5)
  assert.equal(exitOf('configuration'), 9)
  assert.equal(exitOf('redis_missing'), 9)
  assert.equal(exitOf('unknown_language'), 9)
  assert.equal(exitOf('internal'), 15)
})

test('a code from the wire is validated', () => {
  assert.equal(isErrorCode('corrupt_image'), true)
  assert.equal(isErrorCode('toString'), false)
  assert.equal(isErrorCode('made_up'), false)
})

test('the cause of an error is kept', () => {
  const cause = new Error('below')
  assert.equal(new ScriptoriumError('internal', 'above', { cause }).cause, cause)
})

test('any thrown value becomes an Error', () => {
  const error = new Error('as it is')
  assert.equal(toError(error), error)
  assert.equal(toError('a string').message, 'a string')
  assert.equal(toError(undefined).message, 'undefined')
})

test('system error codes are distinguished from other codes', () => {
  assert.equal(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT')
  assert.equal(systemCode(Object.assign(new Error('x'), { code: 7 })), undefined)
  assert.equal(systemCode('ENOENT'), undefined)
})
