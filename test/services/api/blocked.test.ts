import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { readWanted } from '../../../shared/redis/abilities.ts'
import { formOf, startApi } from '../../helpers/api/api.ts'
import { pngOf } from '../../helpers/pages/pages.ts'
import { waitFor } from '../../helpers/wait.ts'

const api = await startApi({ after })
api.startAggregator()
const { redis, keys } = api.context

/** A live worker that reports for each requested recipe its own one instead, or null. */
async function beat(has: string | null): Promise<void> {
  const recipes = Object.fromEntries(
    Object.keys(await readWanted(redis, keys)).map((fingerprint) => [fingerprint, has]),
  )
  await redis.zadd(keys.workers, Date.now(), 'w1')
  await redis.set(keys.abilities('w1'), JSON.stringify({ recipes }))
}

test('an upload that no worker can read is reported as blocked, and so is its run, until one can', async () => {
  const body = formOf([{ name: 'a.png', bytes: await pngOf('a') }])
  const { status, body: taken } = await api.call<DocumentView>('POST', '/v1/documents', { body })
  assert.equal(status, 202)
  assert.equal(taken.blocked, null)
  const document = async () => (await api.call<DocumentView>('GET', taken.links.self)).body
  const run = async () => (await api.call<RunView>('GET', taken.links.run)).body
  const blocked = await waitFor('it is blocked', async () => {
    await beat('another engine 2')
    return (await document()).blocked ?? undefined
  })
  assert.equal(blocked.code, 'recipe_mismatch')
  assert.match(
    blocked.message,
    /^no worker can read this recipe: it needs .*; w1 has another engine 2/,
  )
  const { status: state, outcome, error } = await document()
  assert.deepEqual([state, outcome, error], ['queued', null, null])
  assert.deepEqual((await run()).blocked, blocked)
  await waitFor('a worker can read it', async () => {
    await beat(null)
    return (await document()).blocked === null && (await run()).blocked === null
  })
  await waitFor('its job is back on the queue', async () => {
    const { interactive } = await api.context.queue.waiting()
    return interactive === 1
  })
})
