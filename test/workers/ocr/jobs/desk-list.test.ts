import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test, type TestContext } from 'node:test'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { createReporter } from '../../../../shared/redis/result-stream.ts'
import { createDeskList } from '../../../../workers/ocr/jobs/desk-list.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

function setUp(t: TestContext) {
  scenes += 1
  const keys = createKeys(`l${scenes}`)
  const list = createDeskList(createReporter(redis, keys))
  t.after(() => list.close())
  const cancel = (documentJobId: string) => redis.set(keys.cancelled(documentJobId), '1')
  return { list, cancel }
}

test('the heartbeat names the oldest page on the desk', (t) => {
  const { list } = setUp(t)
  assert.equal(list.first(), null)
  const one = list.add('j1', 'a.png#1')
  const two = list.add('j2n2', 'b.png#2')
  assert.equal(list.first()?.label, 'a.png#1')
  one.remove()
  assert.equal(list.first()?.label, 'b.png#2')
  two.remove()
  assert.equal(list.first(), null)
})

test('utilisation is the share of the last minute with a page on the desk', (t) => {
  let now = 0
  const list = createDeskList({ cancelled: async () => [] }, () => now)
  t.after(() => list.close())
  assert.equal(list.utilisation(), 0)
  now = 1_000
  const one = list.add('j1', 'a.png#1')
  const two = list.add('j2', 'b.png#1')
  now = 2_000
  one.remove()
  now = 3_000
  assert.equal(list.utilisation(), 2 / 3, 'two pages at once are no more than one')
  two.remove()
  now = 60_000
  assert.equal(list.utilisation(), 2 / 60)
  now = 130_000
  assert.equal(list.utilisation(), 0)
})

test('two deliveries with the same label are separate entries', (t) => {
  const { list } = setUp(t)
  const one = list.add('j1', 'a.png#1')
  list.add('j1', 'a.png#1')
  one.remove()
  assert.equal(list.first()?.label, 'a.png#1')
})

test('a cancelled page is aborted, and its neighbour is not', async (t) => {
  const { list, cancel } = setUp(t)
  const unwanted = list.add('j1', 'a.png#1')
  const wanted = list.add('j2', 'b.png#1')
  await cancel('j1')
  await once(unwanted.cancelling, 'abort')
  assert.equal(wanted.cancelling.aborted, false)
})

test('cancelling a document aborts all of its pages', async (t) => {
  const { list, cancel } = setUp(t)
  const pages = [list.add('j1n2', 'a.tif#2'), list.add('j1n3', 'a.tif#3')]
  await cancel('j1')
  await Promise.all(pages.map(({ cancelling }) => once(cancelling, 'abort')))
})

test('a page that has left the desk is not aborted', async (t) => {
  const { list, cancel } = setUp(t)
  const done = list.add('j1', 'a.png#1')
  const witness = list.add('j1', 'a.png#1')
  done.remove()
  await cancel('j1')
  await once(witness.cancelling, 'abort')
  assert.equal(done.cancelling.aborted, false)
})

test('an unreachable Redis delays cancellations and fails nothing', async (t) => {
  let outages = 0
  const away = createDeskList({
    cancelled() {
      outages += 1
      return outages < 2
        ? Promise.reject(new Error('Connection is closed.'))
        : Promise.resolve(['j1'])
    },
  })
  t.after(() => away.close())
  const entry = away.add('j1', 'a.png#1')
  await once(entry.cancelling, 'abort')
  assert.equal(outages, 2)
})
