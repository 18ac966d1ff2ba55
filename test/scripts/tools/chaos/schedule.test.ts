import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChaosFault } from '../../../../scripts/tools/chaos/nemesis/fault.ts'
import { allFaults } from '../../../../scripts/tools/chaos/nemesis/nemesis.ts'
import { drawSchedule, faultsInRound } from '../../../../scripts/tools/chaos/nemesis/schedule.ts'
import { createRandom } from '../../../../scripts/tools/common/random.ts'

const draw = (seed: string, round: number, faults = allFaults) =>
  drawSchedule(createRandom(seed), faults, round, 2_000)

const plain = (schedule: ReturnType<typeof draw>) =>
  schedule.map(({ fault, atMs, lastsMs, dice }) => ({ name: fault.name, atMs, lastsMs, dice }))

test('a seed reproduces faults, moments and targets, for each round separately', () => {
  assert.deepEqual(plain(draw('7', 3)), plain(draw('7', 3)))
  assert.notDeepEqual(plain(draw('7', 3)), plain(draw('8', 3)))
  assert.notDeepEqual(plain(draw('7', 3)), plain(draw('7', 4)))
})

test('every fault has a unique name', () => {
  assert.equal(new Set(allFaults.map(({ name }) => name)).size, allFaults.length)
})

test('every kind of fault occurs once before any occurs twice', () => {
  const rounds = Math.floor(allFaults.length / faultsInRound)
  const names = Array.from({ length: rounds }, (_, index) => draw('1', index + 1))
    .flat()
    .map(({ fault }) => fault.name)
  assert.equal(new Set(names).size, names.length)
})

test('two faults never affect the same target at a time', () => {
  for (let round = 1; round <= 20; round += 1) {
    const heldBy = Map.groupBy(draw('5', round), ({ fault }) => fault.holds)
    for (const faults of heldBy.values()) {
      for (const [index, { atMs, lastsMs }] of faults.entries()) {
        const next = faults[index + 1]
        if (next !== undefined) assert.ok(next.atMs > atMs + lastsMs, next.fault.name)
      }
    }
  }
})

test('a round without faults can be drawn, too', () => {
  const none: ChaosFault[] = []
  assert.deepEqual(draw('1', 1, none), [])
})
