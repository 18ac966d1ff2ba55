/** The median; for an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (lower + upper) / 2
}

/** The value below which a share of the values lies (nearest rank), 0 < share <= 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Slope of the line of best fit (least squares); 0 where x does not vary. */
export function slope(points: readonly { x: number; y: number }[]): number {
  const mx = mean(points.map(({ x }) => x))
  const my = mean(points.map(({ y }) => y))
  const spread = points.reduce((sum, { x }) => sum + (x - mx) ** 2, 0)
  const joint = points.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0)
  return spread === 0 || Number.isNaN(spread) ? 0 : joint / spread
}
