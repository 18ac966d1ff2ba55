import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 50

/** Waits until `isOver` or the time is up; returns whether it is over. Asking the ledger costs 20 µs. */
export async function waitUntil(
  isOver: () => boolean | Promise<boolean>,
  seconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + seconds * 1_000
  for (;;) {
    if (await isOver()) return true
    if (performance.now() >= deadline || signal?.aborted === true) return false
    await delay(pollMs)
  }
}
