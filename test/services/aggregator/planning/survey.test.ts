import assert from 'node:assert/strict'
import { test } from 'node:test'
import { surveyFolder } from '../../../../services/aggregator/planning/survey.ts'
import { passedOver, type WalkStep } from '../../../../services/aggregator/folders/walk.ts'
import { makeLedger } from '../../../helpers/ledger/ledger.ts'
import { makeRun } from '../../../helpers/ledger/records.ts'

test('a survey that skips files yields to other work', async (t) => {
  let turns = 0
  const count = (): void => {
    turns += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  t.after(() => clearImmediate(next))
  const before: number[] = []
  function* steps(): Generator<WalkStep> {
    for (let step = 0; step < 5; step += 1) {
      before.push(turns)
      const until = performance.now() + 25
      while (performance.now() < until);
      yield passedOver
    }
  }
  const { signal } = new AbortController()
  const options = { size: 0, recentMs: 0, isWanted: () => true, signal }
  await surveyFolder(makeLedger(t), makeRun(), steps(), options)
  assert.ok(
    before.every((seen, index) => index === 0 || seen > (before[index - 1] ?? 0)),
    `turns: ${before.join(', ')}`,
  )
})
