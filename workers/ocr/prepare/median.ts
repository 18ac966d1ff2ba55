/** Returns the median, for an even number of values the upper one; 0 for an empty list. */
export function upperMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
