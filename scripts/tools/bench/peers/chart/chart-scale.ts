/** A range of values with its tick marks. */
export interface Scale {
  from: number
  to: number
  ticks: number[]
  /** Position of a value on it, 0 to 1. */
  place: (value: number) => number
}

const maxTicks = 8
const steps = [1, 2, 5, 10, 20, 50]
const mantissas = [1, 1.5, 2, 3, 5, 7]
/** Room beside the outermost points of a logarithmic scale. */
const roomFactor = 1.15

/** Even steps, from a whole step below the lowest value to one above the highest. */
export function linearScale(values: readonly number[]): Scale {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)]
  const step = steps.find((size) => (highest - lowest) / size <= maxTicks - 2) ?? 50
  const from = step * (Math.ceil(lowest / step) - 1)
  const to = step * (Math.floor(highest / step) + 1)
  const count = Math.round((to - from) / step)
  return {
    from,
    to,
    ticks: Array.from({ length: count + 1 }, (_, index) => from + index * step),
    place: (value) => (value - from) / (to - from),
  }
}

/** Equal ratios have equal distances. */
export function logarithmicScale(values: readonly number[]): Scale {
  const [from, to] = [Math.min(...values) / roomFactor, Math.max(...values) * roomFactor]
  const powers = [-3, -2, -1, 0, 1, 2, 3]
  const ticks = powers
    .flatMap((power) =>
      mantissas.map((mantissa) => Number((mantissa * 10 ** power).toPrecision(2))),
    )
    .filter((tick) => tick >= from && tick <= to)
  const kept = ticks.filter((tick) => ticks.length <= maxTicks || isRound(tick))
  const place = (value: number): number => Math.log(value / from) / Math.log(to / from)
  return { from, to, ticks: kept, place }
}

/** 1, 2 or 5 and zeros. */
const isRound = (tick: number): boolean =>
  ['1', '2', '5'].includes(tick.toExponential(1).replace('.0', '').split('e')[0] ?? '')
