import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonOf } from '../../../../../scripts/tools/bench/peers/reading.ts'
import { figuresOf, formatSummaries } from '../../../../../scripts/tools/bench/peers/comparison.ts'
import { ourSystems } from '../../../../../scripts/tools/bench/peers/systems/ours.ts'
import { summarise, type Measurement } from '../../../../../scripts/tools/bench/peers/rounds.ts'
import { tesserocr } from '../../../../../scripts/tools/bench/peers/systems/tesserocr.ts'
import { verdictOf } from '../../../../../scripts/tools/bench/run/figures.ts'

const measured = (system: string, seconds: number, f1: number): Measurement => ({
  system,
  round: 1,
  seconds,
  f1,
  cer: 12.34,
  cpuSeconds: 60,
  peakBytes: 321e6,
  failures: 3,
})
const measurements = [
  measured('Scriptorium fast', 39, 83),
  measured('Scriptorium balanced', 60, 85.9),
  measured('tesserocr pool', 40, 82),
]
const base = 'tesserocr pool'

test('the table has a row for each system, with its version and its ratios', () => {
  const names = measurements.map(({ system }) => system)
  const lines = formatSummaries(
    summarise(measurements, names, base, 20),
    [{ system: tesserocr, version: 'tesserocr 9.9' }],
    base,
  )
  assert.match(
    lines[2] ?? '',
    /^Scriptorium balanced +85\.9 +12\.3 +0\.33 +60\.0 +3\.00 +321 +1\.50 +\+3\.9 +3$/,
  )
  assert.match(lines[3] ?? '', /^tesserocr pool +82\.0 .* 1\.00 +\+0\.0 +3 +tesserocr 9\.9$/)
})

test('targets are compared with the base; targets of F1 itself only on the reference pages', () => {
  const verdicts = (isReference: boolean) =>
    Object.fromEntries(
      figuresOf(measurements, base, isReference).map((figure) => [figure.name, verdictOf(figure)]),
    )
  assert.deepEqual(verdicts(true), {
    'Scriptorium fast: F': '-',
    'Scriptorium fast: F less that of tesserocr pool': 'met',
    'Scriptorium fast: time over that of tesserocr pool': 'met',
    'Scriptorium balanced: F': 'missed',
    'Scriptorium balanced: F less that of tesserocr pool': 'missed',
    'Scriptorium balanced: time over that of tesserocr pool': 'met',
  })
  assert.equal(verdicts(false)['Scriptorium balanced: F'], '-')
})

test('each target belongs to an existing system', () => {
  const names = new Set(ourSystems.map(({ name }) => name))
  const all = [...names].map((name) => measured(name, 1, 90))
  const figures = figuresOf([...all, measured(base, 1, 80)], base, true)
  assert.equal(new Set(figures.map(({ name }) => name.split(':')[0])).size, 4)
})

test('the reason of a failed program is its last line that mentions an error', () => {
  const said = 'loading\nError: no such model\n    at file.ts:3\n\nNode.js v24\n'
  assert.equal(reasonOf(said), 'Error: no such model')
  assert.equal(reasonOf('first\nlast\n'), 'last')
})
