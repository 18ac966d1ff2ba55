import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delayAfter, retryForEver } from '../../../../shared/process/waiting/retry.ts'

test('delays double up to their maximum, however many failures there are', () => {
  const delays = { firstMs: 100, maxMs: 2_000 }
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 10_000].map((failures) => delayAfter(failures, delays)),
    [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000],
  )
})

test('work is retried until it succeeds, and each failure is reported', async () => {
  const told: [string, number][] = []
  let attempts = 0
  const work = (): number => {
    attempts += 1
    if (attempts < 2) throw new Error('the disk is full')
    return attempts
  }
  const onFailure = ({ message }: Error, attempt: number): unknown => told.push([message, attempt])
  assert.equal(await retryForEver(work, { onFailure }), 2)
  assert.deepEqual(told, [['the disk is full', 1]])
})

test('a signal ends the retries, and the failure that it causes is not reported', async () => {
  const control = new AbortController()
  const told: Error[] = []
  const work = async (): Promise<void> => {
    control.abort()
    throw new Error('ended with the process')
  }
  await assert.rejects(
    retryForEver(work, { signal: control.signal, onFailure: (error) => told.push(error) }),
  )
  assert.deepEqual(told, [])
})
