import { setTimeout as delay } from 'node:timers/promises'
import { queueName } from '../../../../shared/redis/queue.ts'
import type { World } from '../world/world.ts'

const everyMs = 100
const jobs = `scriptorium:bull:${queueName}`

/**
 * The documents that workers are reading now; none where Redis cannot tell. Those that are only hashed may go back behind all
 * that wait.
 */
export async function documentsInHand({ redis }: World): Promise<string[]> {
  try {
    const active = await redis.control.lrange(`${jobs}:active`, 0, -1)
    const data = await Promise.all(active.map((id) => redis.control.hget(`${jobs}:${id}`, 'data')))
    return data
      .filter((text) => text?.includes('"mayBeKnown":false') === true)
      .flatMap((text) => /"documentId":"([^"]+)"/.exec(text ?? '')?.[1] ?? [])
  } catch {
    return [] // It is unreachable: another fault is active.
  }
}

/** Resolves with the milliseconds until all these documents are final; undefined where `until` came first. */
export async function waitForFinal(
  { ledger }: World,
  ids: readonly string[],
  until: AbortSignal,
): Promise<number | undefined> {
  const began = performance.now()
  while (!until.aborted) {
    if (isFinal(ledger, ids)) return Math.round(performance.now() - began)
    await delay(everyMs)
  }
  return undefined
}

function isFinal(ledger: World['ledger'], ids: readonly string[]): boolean {
  try {
    return ledger.finalOf(ids) === new Set(ids).size
  } catch {
    return false // Its disk may be full, which reading the ledger needs, too.
  }
}
