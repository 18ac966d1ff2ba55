const tickMs = 5

/**
 * Watches the event loop of the calling thread. `longestMs` is the maximum processor time between two ticks of a timer:
 * the delay of a heartbeat on an otherwise idle machine of any speed.
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
    /** Starts again without the time of the start-up. */
    reset(): void {
      longestMs = 0
      before = process.threadCpuUsage()
    },
    stop: () => clearInterval(timer),
  }
}
