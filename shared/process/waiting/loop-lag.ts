const sampleMs = 500

/**
 * Measures how long the event loop kept a due timer waiting. Own code: Node's `monitorEventLoopDelay` skips the first
 * sample after each reset.
 */
export function createLoopLag() {
  let maxMs = 0
  let dueAt = performance.now() + sampleMs
  const sample = (): void => {
    const now = performance.now()
    maxMs = Math.max(maxMs, now - dueAt)
    dueAt = now + sampleMs
  }
  const timer = setInterval(sample, sampleMs)
  timer.unref()
  return {
    /** The longest wait since the last call, milliseconds. */
    takeMs(): number {
      const ms = Math.max(maxMs, performance.now() - dueAt)
      maxMs = 0
      return Math.round(ms * 10) / 10
    },
    close: (): void => clearInterval(timer),
  }
}

export type LoopLag = ReturnType<typeof createLoopLag>
