import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { livingWorkers, type Heartbeat } from '../../../shared/redis/heartbeats.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { startHeartbeat } from '../../../workers/ocr/heartbeat.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { waitFor } from '../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()

test('a worker whose clock is ten minutes off is alive, and so are the others', async (t) => {
  const keys = createKeys('h')
  const now = Date.now
  const deps = { redis, keys, beatFile: undefined, flushMeasures: async () => undefined }
  const start = (id: string, offMs: number) => {
    t.mock.method(Date, 'now', () => now() + offMs)
    const heartbeat: Heartbeat = {
      id,
      pid: 1,
      host: id,
      version: '1',
      languages: [],
      engine: 'none',
      warm: [],
      state: 'idle',
      currentPage: null,
      pagesDone: 0,
      rssBytes: 0,
      startedAt: '',
      beatAt: '',
    }
    const tellAbilities = async () => ({ recipes: {} })
    const describe = () => heartbeat
    t.after(startHeartbeat({ ...deps, describe, tellAbilities }))
    return waitFor(`${id} is alive`, async () => (await livingWorkers(redis, keys)).includes(id))
  }
  await start('right', 0)
  await start('ahead', 600_000)
  await start('behind', -600_000)
  assert.deepEqual((await livingWorkers(redis, keys)).toSorted(), ['ahead', 'behind', 'right'])
})
