import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 50

/**
 * Waits until `isOver`, the timeout or `isWanted` is false; returns whether it is over. A query of the ledger costs 20
 * µs.
 */
export async function waitUntil(
  isOver: () => boolean | Promise<boolean>,
  seconds: number,
  isWanted: () => boolean = () => true,
): Promise<boolean> {
  const deadline = performance.now() + seconds * 1_000
  for (;;) {
    if (await isOver()) return true
    if (performance.now() >= deadline || !isWanted()) return false
    await delay(pollMs)
  }
}
