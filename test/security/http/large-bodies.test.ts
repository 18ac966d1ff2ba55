import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../../helpers/api/api.ts'
import { watchLoop } from '../../helpers/processes/loop-watch.ts'

test('the first of many faults are reported, and finding them blocks nobody', async (t) => {
  const api = await startApi(t)
  const body = `{"documents":[${'{"sha256":1},'.repeat(999)}{}]}`
  const given = { body, headers: { 'content-type': 'application/json' } }
  await api.call('POST', '/v1/documents/check', given)
  const loop = watchLoop()
  t.after(loop.stop)
  const answer = await api.refused(422, 'invalid_request', 'POST', '/v1/documents/check', given)
  assert.equal(answer.body.errors?.length, 20)
  assert.ok(loop.longestMs() < 100, `${loop.longestMs()} ms`)
})

test('a JSON body with more than 200 000 values is 413', async (t) => {
  const api = await startApi(t)
  const body = `{"source":[${'{},'.repeat(400_000)}{}]}`
  const given = { body, headers: { 'content-type': 'application/json' } }
  const { body: problem } = await api.refused(
    413,
    'upload_too_large',
    'POST',
    '/v1/documents',
    given,
  )
  assert.match(problem.detail, /more than 200000 values/)
})
