import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createRunProgress } from '../../../../services/aggregator/progress/run-progress.ts'
import { createLease, takeFolder } from '../../../../services/aggregator/lease/lease.ts'
import { readProgress } from '../../../../services/cli/ingest/follow.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeRun } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()

test('with a full Redis progress is reported again once it has room, including documents that ended meanwhile', async (t) => {
  const folder = makeFolder(t)
  t.after(takeFolder(folder))
  const prefix = 'progress'
  const keys = createKeys(prefix)
  const lease = createLease({ redis, prefix, folder, ledger: 'l', log: silent })
  await lease.take(new AbortController().signal)
  t.after(() => lease.release())
  const run = makeRun()
  const counted = { open: 2, final: new Map(), pagesRead: 0, unavailable: 0 }
  const progress = createRunProgress(lease, keys, run, counted)
  t.after(() => progress.stop())
  const seen = () => readProgress(redis, keys, run.id)
  await waitFor('it is told', seen)

  await redis.config('SET', 'maxmemory', '1mb')
  const ending = { documentId: 'd1', pages: 1, confidence: 90, ms: 1, error: null }
  progress.ended({ path: 'a.png', outcome: 'succeeded', ...ending })
  await redis.del(keys.progress(run.id))
  await waitFor('the progress is published nevertheless', async () => (await seen())?.done === 1)
  assert.equal(await redis.exists(keys.events(run.id)), 0)

  await redis.config('SET', 'maxmemory', '0')
  await waitFor('its event is published', async () => (await redis.xlen(keys.events(run.id))) === 1)
})
