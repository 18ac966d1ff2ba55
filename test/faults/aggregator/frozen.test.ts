import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeys } from '../../../shared/redis/keys.ts'
import { assertComplete } from '../../helpers/outcome.ts'
import { manyPaths, writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { createServices } from '../../helpers/processes/services.ts'
import { waitFor } from '../../helpers/wait.ts'

/** Number of uncollected results at which workers pause. */
const backlog = 2_000

test('Workers pause while the aggregator is frozen, and continue after it', async (t) => {
  const scene = createScene(t)
  const services = await createServices(scene)
  const redis = services.redis.connect()
  const keys = createKeys('scriptorium')
  const aggregator = services.startAggregator()
  services.startFleet({ FAULT_SLOW_MS: '200' })
  const texts = await writePages(scene.input, manyPaths(100, 'slow'))
  const ingest = scene.start([scene.input], services.environment)
  await ingest.until('reading begins', () => scene.readings().size >= 4)
  aggregator.kill('SIGSTOP')
  // As if the fleet had read this much meanwhile.
  const adding = redis.pipeline()
  for (let count = 0; count < backlog; count += 1) adding.xadd(keys.results, '*', 'b', '')
  const filler = ((await adding.exec()) ?? []).map(([, id]) => String(id))
  await waitFor('both workers say that they pause', async () => {
    const ids = await redis.zrange(keys.workers, '0', '-1')
    const beats = await Promise.all(ids.map((id) => redis.get(keys.worker(id))))
    return beats.length === 2 && beats.every((beat) => beat?.includes('"state":"paused"') === true)
  })
  const begun = scene.readings().size
  assert.ok(begun < texts.size, `${begun} of ${texts.size} are begun`)
  await redis.xdel(keys.results, ...filler)
  aggregator.kill('SIGCONT')
  const { code, stderr } = await ingest.ended
  assert.equal(code, 0, stderr)
  assertComplete(scene.out, texts, {}, services.data)
})
