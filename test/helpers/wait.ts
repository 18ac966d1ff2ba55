import { setTimeout as delay } from 'node:timers/promises'

const everyMs = 25
/** Only a failing test waits this long: a busy machine may be ten times slower. */
export const patienceMs = 120_000

/**
 * Waits until `look` returns something other than undefined or false, and returns it. Throws with `what` at the
 * deadline.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  deadlineMs = patienceMs,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen as Exclude<T, false | undefined>
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await delay(everyMs)
  }
}
