import { setTimeout as delay } from 'node:timers/promises'

const readyMs = 240_000

/** Waits until the API at `address` can serve. Throws where it cannot in time, or when `stopping` is aborted. */
export async function waitUntilReady(address: string, stopping: AbortSignal): Promise<void> {
  const deadline = performance.now() + readyMs
  for (;;) {
    stopping.throwIfAborted()
    const answer = await fetch(`${address}/readyz`).catch(() => undefined) // Not listening yet.
    await answer?.body?.cancel()
    if (answer?.ok === true) return
    if (performance.now() > deadline) throw new Error('the services do not start')
    await delay(100)
  }
}
