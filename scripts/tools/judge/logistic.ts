/** One word: the chance that its engine gives it, 0 to 1, and whether it is right. */
export interface Sample {
  chance: number
  isRight: boolean
}

/** The curve `1 / (1 + exp(-offset - slope * logit(chance)))`. */
export interface Curve {
  offset: number
  slope: number
}

/** The judge's own limit: beyond it chances tell nothing more. */
const logit = (chance: number): number => {
  const inside = Math.max(0.005, Math.min(0.995, chance))
  return Math.log(inside / (1 - inside))
}

const valueOf = ({ offset, slope }: Curve, x: number): number =>
  1 / (1 + Math.exp(-offset - slope * x))

/** Keeps the curve of few samples finite. */
const penalty = 0.001
const rounds = 100

/** Fits a curve to words by Newton's method on the logistic loss. */
export function fitCurve(samples: readonly Sample[]): Curve {
  const curve = { offset: 0, slope: 0 }
  for (let round = 0; round < rounds; round += 1) {
    let [a, b] = [penalty * curve.offset, penalty * curve.slope]
    let [aa, ab, bb] = [penalty, 0, penalty]
    for (const { chance, isRight } of samples) {
      const x = logit(chance)
      const value = valueOf(curve, x)
      const [error, weight] = [value - (isRight ? 1 : 0), value * (1 - value)]
      a += error
      b += error * x
      aa += weight
      ab += weight * x
      bb += weight * x * x
    }
    const determinant = aa * bb - ab * ab
    if (Math.abs(determinant) < 1e-12) break
    curve.offset -= (bb * a - ab * b) / determinant
    curve.slope -= (aa * b - ab * a) / determinant
  }
  return curve
}

/** Mean logistic loss of a curve on words, nats. */
export const lossOf = (curve: Curve, samples: readonly Sample[]): number =>
  samples.reduce((sum, { chance, isRight }) => {
    const value = valueOf(curve, logit(chance))
    return sum - Math.log(isRight ? value : 1 - value)
  }, 0) / Math.max(1, samples.length)
