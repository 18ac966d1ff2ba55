import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { awaitUntil } from '../../../../shared/process/waiting/await-until.ts'

const never = new Promise<never>(() => undefined)
const late = (): Error => new Error('late')

test('work that settles in time gives its result or its error', async () => {
  assert.equal(await awaitUntil(Promise.resolve(1), { deadlineMs: 60_000, late }), 1)
  await assert.rejects(awaitUntil(Promise.reject(new Error('own')), { late }), { message: 'own' })
})

test('work that is late is rejected with the error of the deadline, also of a deadline of 0', async () => {
  await assert.rejects(awaitUntil(never, { deadlineMs: 5, late }), { message: 'late' })
  await assert.rejects(awaitUntil(never, { deadlineMs: 0, late }), { message: 'late' })
})

test('a signal ends the wait, before it or during it, and no listener stays', async () => {
  const control = new AbortController()
  const { signal } = control
  const cancelled = (): Error => new Error('cancelled')
  const waiting = awaitUntil(never, { signal, cancelled })
  control.abort(new Error('the reason'))
  await assert.rejects(waiting, { message: 'cancelled' })
  await assert.rejects(awaitUntil(never, { signal }), { message: 'the reason' })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('work that fails after its deadline is no unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (thrown: unknown): number => unhandled.push(thrown)
  process.on('unhandledRejection', note)
  const failing = delay(10).then(() => Promise.reject(new Error('too late to matter')))
  await assert.rejects(awaitUntil(failing, { deadlineMs: 1, late }), { message: 'late' })
  await delay(30)
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
})
