const tickMs = 5

/**
 * Watches the event loop of the thread that calls it. `longestMs` is the most processor time that passed between two
 * turns of a timer: what a heartbeat had to wait for, on a machine of any speed that does nothing else.
 */
export function watchLoop() {
  let longestMs = 0
  let before = process.threadCpuUsage()
  const tick = (): void => {
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    longestMs = Math.max(longestMs, (user + system) / 1_000)
  }
  const timer = setInterval(tick, tickMs)
  timer.unref()
  return {
    /** Up to now: the turn that asks counts, too. */
    longestMs(): number {
      tick()
      return longestMs
    },
    /** Begins anew: what went before was the start. */
    reset(): void {
      longestMs = 0
      before = process.threadCpuUsage()
    },
    stop: () => clearInterval(timer),
  }
}
