import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTicker } from '../../../../workers/ocr/jobs/ticker.ts'
import { waitFor } from '../../../helpers/wait.ts'

test('a ticker checks while it is needed, rests otherwise, and wakes again', async (t) => {
  let [checks, rests, isNeeded] = [0, 0, true]
  const ticker = createTicker({
    everyMs: 5,
    check: async () => void (checks += 1),
    isNeeded: () => isNeeded,
    onRest: () => (rests += 1),
  })
  t.after(() => ticker.stop())
  ticker.wake()
  ticker.wake()
  await waitFor('some checks', () => checks >= 3)
  isNeeded = false
  await waitFor('rest', () => rests === 1)
  const before = checks
  isNeeded = true
  ticker.wake()
  await waitFor('a check after the rest', () => checks > before)
  assert.equal(rests, 1)
})

test('a failing check does not stop the ticker', async (t) => {
  let checks = 0
  const check = (): Promise<void> => {
    checks += 1
    return Promise.reject(new Error('Redis is away'))
  }
  const ticker = createTicker({ everyMs: 5, check, isNeeded: () => true })
  t.after(() => ticker.stop())
  ticker.wake()
  await waitFor('a second check', () => checks >= 2)
})

test('no timer runs before the first wake-up and after the stop', () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const ticker = createTicker({ everyMs: 1, check: async () => undefined, isNeeded: () => true })
  assert.equal(timers(), before)
  ticker.wake()
  assert.equal(timers(), before + 1)
  ticker.stop()
  assert.equal(timers(), before)
})
