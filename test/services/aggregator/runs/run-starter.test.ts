import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { createRunStarter } from '../../../../services/aggregator/runs/run-starter.ts'
import { readProgress } from '../../../../services/cli/ingest/follow.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { engine, makeRequest } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

/** A run starter, and its actions. */
function setUp(t: TestContext) {
  scenes += 1
  const keys = createKeys(`run-starter-${scenes}`)
  const ledger = makeLedger(t)
  const out = makeFolder(t)
  const did: string[] = []
  const active = new Set<string>()
  const start = createRunStarter({
    ledger,
    redis,
    keys,
    identities: async () => engine,
    isActive: (runId) => active.has(runId),
    ends: { tell: async (runId) => void did.push(`tell ${runId}`) },
    supersede: async () => void did.push('supersede'),
    begin(run) {
      did.push(`begin ${run.id}`)
      active.add(run.id)
    },
    log: silent,
  })
  return { keys, ledger, out, did, active, start }
}

test('a run with a descending page range is rejected, from any caller', async (t) => {
  const { keys, ledger, start, did } = setUp(t)
  const request = makeRequest({ recipe: { ...defaultRecipe, pages: '5-2' } })
  await start(request)
  const progress = await readProgress(redis, keys, request.runId)
  assert.equal(progress?.state, 'refused')
  assert.equal(progress.error?.code, 'bad_arguments')
  assert.match(progress.error.message, /5-2; write 2-5/)
  assert.equal(ledger.runs.get(request.runId), undefined)
  assert.deepEqual(did, [])
})

test('a run handed over twice starts once, and its end is published again after it ended', async (t) => {
  const { ledger, out, did, active, start } = setUp(t)
  const request = makeRequest({ out })
  await start(request)
  await start(request)
  assert.deepEqual(did, ['supersede', 'begin r1'])
  ledger.runs.end('r1', 'finished', null)
  active.clear()
  await start(request)
  assert.deepEqual(did, ['supersede', 'begin r1', 'tell r1'])
})

test('a run whose path list is incomplete waits for it, and delays no other', async (t) => {
  const { keys, ledger, out, did, start } = setUp(t)
  const request = makeRequest({ out, inputs: [], pathsInRedis: true, pathCount: 3 })
  await start(request)
  await redis.rpush(keys.paths('r1'), 'a.png', 'b.png')
  await start(request)
  assert.deepEqual([did, ledger.runs.get('r1')], [[], undefined])
  await redis.rpush(keys.paths('r1'), 'c.png')
  await start(request)
  assert.deepEqual(did, ['supersede', 'begin r1'])
  assert.deepEqual(ledger.runs.paths('r1'), ['a.png', 'b.png', 'c.png'])
  assert.equal(await redis.exists(keys.paths('r1')), 0)
})

test('an active dry run that is handed over again starts once', async (t) => {
  const { out, did, start } = setUp(t)
  const request = makeRequest({ out, dryRun: true })
  await start(request)
  await start(request)
  assert.deepEqual(did, ['begin r1'])
})
