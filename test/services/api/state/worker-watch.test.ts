import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createWorkerWatch } from '../../../../services/api/state/worker-watch.ts'
import type { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { waitFor } from '../../../helpers/wait.ts'

const minutes = 60_000

/** A watch over a fleet and a clock that the test moves. */
function setUp(t: TestContext, absenceMs = 5 * minutes) {
  const state = { now: 0, isAlive: false, isAway: false }
  const watch = createWorkerWatch({
    isAnyAlive: () =>
      state.isAway ? Promise.reject(new Error('away')) : Promise.resolve(state.isAlive),
    absenceMs,
    now: () => state.now,
  })
  t.after(() => watch.close())
  const isRefused = () =>
    watch.require().then(
      () => false,
      ({ code }: ScriptoriumError) => code === 'no_worker',
    )
  return { state, isRefused }
}

test('workers have a grace period after the start', async (t) => {
  const { state, isRefused } = setUp(t)
  assert.equal(await isRefused(), false)
  state.now = 4 * minutes
  assert.equal(await isRefused(), false)
  state.now = 6 * minutes
  assert.equal(await isRefused(), true)
  state.isAlive = true
  assert.equal(await isRefused(), false)
})

test('absent workers are waited for, up to a limit of minutes', async (t) => {
  const { state, isRefused } = setUp(t)
  state.isAlive = true
  state.now = 60 * minutes
  assert.equal(await isRefused(), false)
  state.isAlive = false
  state.now += 4 * minutes
  assert.equal(await isRefused(), false)
  state.now += 2 * minutes
  assert.equal(await isRefused(), true)
})

test('an outage of Redis does not count as absence of workers', async (t) => {
  const { state, isRefused } = setUp(t)
  state.isAway = true
  state.now = 60 * minutes
  assert.equal(await isRefused(), false)
  state.isAway = false
  state.now += 1 * minutes
  assert.equal(await isRefused(), false)
})

test('a fleet scaled to zero on purpose is waited for indefinitely', async (t) => {
  const { state, isRefused } = setUp(t, 0)
  state.now = 10_000 * minutes
  assert.equal(await isRefused(), false)
})

test('an upload without workers is rejected before its body, and accepted once there is a worker', async (t) => {
  const api = await startApi(t, { SCRIPTORIUM_WORKER_ABSENCE: '1s' })
  const upload = { body: formOf([{ name: 'a.png', bytes: await pngOf('absence') }]) }
  await waitFor('it is refused', async () => {
    const { status } = await api.call('POST', '/v1/documents', upload)
    return status === 503
  })
  const refused = await api.refused(503, 'no_worker', 'POST', '/v1/documents', upload)
  assert.match(refused.headers['retry-after'] ?? '', /^\d+$/)
  assert.match(refused.body.detail, /SCRIPTORIUM_WORKER_ABSENCE=off/)
  const { redis, keys } = api.context
  await redis.multi().zadd(keys.workers, Date.now(), 'w').set(keys.worker('w'), '{}').exec()
  assert.equal((await api.call('POST', '/v1/documents', upload)).status, 202)
})
