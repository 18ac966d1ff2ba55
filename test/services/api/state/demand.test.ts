import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDemand } from '../../../../services/api/state/demand.ts'
import { formOf, startApi } from '../../../helpers/api/api.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'

const timings = { openMs: 100, prepareMs: 400, waitMs: 50, recogniseMs: 1_600, overlapMs: 100 }

test('the wanted workers follow the waiting jobs and the time that pages take', async (t) => {
  const api = await startApi(t)
  const { ledger } = api.context
  const demand = createDemand({ ledger, targetMs: 60_000 })
  const jobs = { interactive: 10, bulk: 590, active: 0 }
  assert.deepEqual(demand.of(jobs), { workSeconds: 1_800, wantedWorkers: 30 })
  api.startAggregator()
  const body = formOf([{ name: 'a.png', bytes: await pngOf('a') }])
  const sent = await api.call<{ id: string }>('POST', '/v1/documents', { body })
  await api.read(sent.body.id, { timings })
  assert.deepEqual(demand.of(jobs), { workSeconds: 1_200, wantedWorkers: 20 })
})

test('a job in progress needs a worker, an empty queue none', async (t) => {
  const { ledger } = (await startApi(t, {}, { hasLedger: false })).context
  const demand = createDemand({ ledger, targetMs: 60_000 })
  const none = { interactive: 0, bulk: 0, active: 0 }
  assert.equal(demand.of(none).wantedWorkers, 0)
  assert.equal(demand.of({ ...none, active: 3 }).wantedWorkers, 1)
  assert.equal(demand.of({ ...none, bulk: 1 }).wantedWorkers, 1)
})
