import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handFile, openAggregatorHands } from '../../../services/aggregator/in-hand.ts'
import { describeDeaths, workItems } from '../../../services/ledger/work-items.ts'
import { readHandMarks } from '../../../shared/hands/hand-marks.ts'
import { makeFolder, type Ending } from '../../helpers/folder.ts'
import { makeLedger } from '../../helpers/ledger/ledger.ts'
import { silent } from '../../helpers/processes/private-redis.ts'

/** A ledger, and aggregators that begin and die over it. */
function setUp(ending: Ending) {
  const folder = makeFolder(ending)
  const ledger = makeLedger(ending, folder)
  return {
    ledger,
    start: () => openAggregatorHands(folder, ledger, silent).hands,
    left: () => readHandMarks(handFile(folder))?.items,
    known: () => Object.fromEntries(ledger.deaths.all()),
  }
}

const [a, b] = [
  workItems.write({ id: 'a', pass: 1 }, 'pdf'),
  workItems.write({ id: 'b', pass: 1 }, 'txt'),
] as const

test('deaths are counted once at the next start, and finished items are forgotten', async (t) => {
  const { start, known, left } = setUp(t)
  const first = start()
  await first.take().next(a)
  await first.take().next(b)
  const second = start()
  assert.deepEqual([known(), left()], [{ [a]: 1, [b]: 1 }, []])
  await second.hold(b, () => undefined)
  assert.deepEqual(known(), { [a]: 1 })
  await second.take().next(a)
  const third = start()
  assert.deepEqual(known(), { [a]: 2 })
  await third.take().next(a)
  start()
  assert.deepEqual(known(), { [a]: 3 })
  start()
  assert.deepEqual(known(), { [a]: 3 }, 'nothing was in hand')
})

test('a start interrupted after counting does not count again', (t) => {
  const { ledger } = setUp(t)
  ledger.deaths.count('session', new Map([[a, 2]]))
  ledger.deaths.count('session', new Map([[a, 3]]))
  assert.deepEqual(ledger.deaths.all(), new Map([[a, 2]]))
  ledger.deaths.count('another', new Map([[a, 3]]))
  assert.deepEqual(ledger.deaths.all(), new Map([[a, 3]]))
})

test('old deaths expire', (t) => {
  const { ledger } = setUp(t)
  const now = Date.now()
  ledger.deaths.count('one', new Map([[a, 3]]), now - 31 * 86_400_000)
  ledger.deaths.count('two', new Map([[b, 1]]), now)
  assert.deepEqual(ledger.deaths.all(), new Map([[b, 1]]))
})

test('random kills set nothing aside: items in hand together run alone next, and are cleared', async (t) => {
  const { start, known } = setUp(t)
  const all = Array.from({ length: 16 }, (_, index) =>
    workItems.write({ id: `d${index}`, pass: 1 }, 'txt'),
  )
  let killedAlone = 0
  for (let kill = 0; kill < 300; kill += 1) {
    const hands = start()
    assert.ok(Math.max(0, ...Object.values(known())) < 3, `after ${kill} kills`)
    const suspects = Object.keys(known())
    // Sometimes the kill hits a suspect that runs alone, otherwise the concurrent items after it.
    const victim = kill % 5 === 4 ? suspects[(kill * 7) % suspects.length] : undefined
    for (const item of suspects) {
      if (item === victim) break
      await hands.hold(item, () => undefined)
    }
    if (victim === undefined) for (const item of all) await hands.take().next(item)
    else {
      killedAlone += 1
      await hands.take().next(victim)
    }
  }
  assert.equal(killedAlone, 60)
})

test('the message names the stage and the cure', () => {
  assert.equal(
    describeDeaths(a),
    'the aggregator died 3 times while writing its pdf; --retry-failed or --force tries again',
  )
  assert.match(describeDeaths(workItems.collect('j1')), /recording .*--retry-failed/)
  assert.match(describeDeaths(workItems.end('r1')), /building its report/)
})
