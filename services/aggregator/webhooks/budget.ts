/** A rate limit: `perSecond` on average, and a tenth of that at once. */
export function createBudget(perSecond: number, nowMs: number) {
  const max = Math.max(1, perSecond / 10)
  let left = max
  let filledAt = nowMs
  const fill = (at: number): void => {
    left = Math.min(max, left + (Math.max(0, at - filledAt) * perSecond) / 1_000)
    filledAt = at
  }
  return {
    /** Takes a unit if one is available. */
    take(at: number): boolean {
      fill(at)
      if (left < 1) return false
      left -= 1
      return true
    },
    /** Time until a unit is available, milliseconds. */
    waitMs: (at: number): number => {
      fill(at)
      return Math.max(0, Math.ceil(((1 - left) * 1_000) / perSecond))
    },
  }
}
