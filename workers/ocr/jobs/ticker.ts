interface Deps {
  everyMs: number
  check: () => Promise<void>
  isNeeded: () => boolean
  /** Called when it is no longer needed. */
  onRest?: () => void
}

/**
 * Checks at intervals from `wake` on, for as long as needed: an idle process has no active timer, and a hundred idle
 * workers do not keep Redis busy.
 */
export function createTicker({ everyMs, check, isNeeded, onRest }: Deps) {
  let timer: NodeJS.Timeout | undefined
  let isChecking = false
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  const checkOnce = async (): Promise<void> => {
    if (isChecking) return // Redis is slow or unreachable: further commands would only queue up.
    isChecking = true
    await check().catch(() => undefined) // While Redis is unreachable there is nothing to learn.
    isChecking = false
  }
  const tick = (): void => {
    if (isNeeded()) return void checkOnce()
    stop()
    onRest?.()
  }
  return {
    wake: (): void => void (timer ??= setInterval(tick, everyMs)),
    stop,
  }
}
