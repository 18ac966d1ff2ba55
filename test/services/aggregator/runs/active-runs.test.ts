import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActiveRun } from '../../../../services/aggregator/runs/active-run.ts'
import { createActiveRuns } from '../../../../services/aggregator/runs/active-runs.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { makeRequest } from '../../../helpers/ledger/records.ts'

test('a new run that start-up resumes before its command is acknowledged starts once', (t) => {
  const ledger = makeLedger(t)
  const started: string[] = []
  const runs = createActiveRuns({
    ledger,
    queue: { remove: async () => undefined },
    start(run) {
      started.push(run.fingerprint)
      return { run } as ActiveRun
    },
  })
  // The starter enters the run into the ledger, and waits for Redis before it begins the run.
  ledger.runs.add(makeRequest({ runId: 'r1' }), 'fp')
  const taken = runs.takeUp('r1')
  assert.ok(taken)
  runs.begin(taken.run)
  assert.deepEqual(started, ['fp'])
  assert.equal(runs.active.get('r1'), taken)

  runs.replace({ ...taken.run, fingerprint: 'other' })
  assert.deepEqual(started, ['fp', 'other'], 'a replanned run is replaced')
})
