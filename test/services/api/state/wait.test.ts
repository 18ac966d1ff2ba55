import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitUntil } from '../../../../services/api/state/wait.ts'

test('a waiter receives the result', async () => {
  let asked = 0
  assert.equal(await waitUntil(() => (asked += 1) === 3, 30), true)
  assert.equal(asked, 3)
})

test('the wait ends at its timeout', async () => {
  assert.equal(await waitUntil(() => false, 0), false)
})

test('an abandoned wait ends at its next check', async () => {
  let looks = 0
  const isWanted = (): boolean => (looks += 1) < 3
  assert.equal(await waitUntil(() => false, 3_600, isWanted), false)
  assert.equal(looks, 3)
})
