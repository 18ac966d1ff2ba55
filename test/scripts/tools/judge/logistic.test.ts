import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitCurve, lossOf } from '../../../../scripts/tools/judge/logistic.ts'

/** Words whose share of right ones follows a curve. */
const samples = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((chance) =>
  Array.from({ length: 1_000 }, (_, at) => {
    const share = 1 / (1 + Math.exp(1 - 0.5 * Math.log(chance / (1 - chance))))
    return { chance, isRight: at < 1_000 * share }
  }),
)

test('the fitted curve is the one that the words follow', () => {
  const { offset, slope } = fitCurve(samples)
  assert.ok(Math.abs(offset + 1) < 0.02, `offset ${offset}`)
  assert.ok(Math.abs(slope - 0.5) < 0.02, `slope ${slope}`)
})

test('another curve has a greater loss', () => {
  const best = lossOf(fitCurve(samples), samples)
  assert.ok(lossOf({ offset: 0, slope: 1 }, samples) > best + 0.05)
})
