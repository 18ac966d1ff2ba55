/** Sleeps until the time is up or it rings. Nobody may wait between looking for work and going to sleep. */
export function createAlarm() {
  let wakeUp: (() => void) | undefined
  return {
    ring: (): void => wakeUp?.(),
    sleep: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}
