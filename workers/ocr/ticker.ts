interface Deps {
  everyMs: number
  check: () => Promise<void>
  isNeeded: () => boolean
  /** Called when it is no longer needed. */
  onRest?: () => void
}

/**
 * Checks again and again from `wake` on, for as long as it is needed: an idle process has no timer that goes off, and a
 * hundred idle workers do not keep Redis busy.
 */
export function createTicker({ everyMs, check, isNeeded, onRest }: Deps) {
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  const tick = (): void => {
    if (isNeeded()) return void check().catch(() => undefined) // While Redis is away there is nothing to learn.
    stop()
    onRest?.()
  }
  return {
    wake: (): void => void (timer ??= setInterval(tick, everyMs)),
    stop,
  }
}
