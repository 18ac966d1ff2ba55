const windowMs = 60_000
const slotMs = 5_000

/** Counts the work of the last minute. */
export function createPace(now: () => number = () => performance.now()) {
  const began = now()
  let slots: { at: number; count: number }[] = []
  return {
    add(count: number): void {
      const at = Math.floor(now() / slotMs) * slotMs
      const last = slots.at(-1)
      if (last?.at === at) last.count += count
      else slots.push({ at, count })
    },
    /** For a process younger than a minute, its rate so far. */
    perMinute(): number {
      const since = now() - windowMs
      slots = slots.filter(({ at }) => at >= since)
      const sum = slots.reduce((total, { count }) => total + count, 0)
      const elapsed = Math.min(windowMs, Math.max(now() - began, slotMs))
      return Math.round((sum * windowMs) / elapsed)
    },
  }
}
