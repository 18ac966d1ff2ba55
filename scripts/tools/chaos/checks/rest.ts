import { setTimeout as delay } from 'node:timers/promises'
import type { Clients } from '../clients/clients.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'
import { queueName } from '../../../../shared/redis/queue.ts'
import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import type { World } from '../world/world.ts'

/** Without progress for this long the service hangs, however busy the machine is. */
const stillMs = 180_000
const everyMs = 250
/** The service counts as idle after this time without work, longer than the interval of the reconciler. */
const restMs = 1_500
const prefix = 'scriptorium'

/** Open work, by place; empty when idle. */
async function findWork(redis: Redis, { ledger }: World): Promise<Record<string, number>> {
  const queue = (state: string): string => `${prefix}:bull:${queueName}:${state}`
  const [active, waiting, prioritized, delayed, failed, results, commands] = await Promise.all([
    redis.llen(queue('active')),
    redis.llen(queue('wait')),
    redis.zcard(queue('prioritized')),
    redis.zcard(queue('delayed')),
    redis.zcard(queue('failed')),
    redis.xlen(`${prefix}:results`),
    redis.xlen(`${prefix}:commands`),
  ])
  const [open, runs] = [ledger.open(), ledger.activeRuns()]
  const all = { active, waiting, prioritized, delayed, failed, results, commands, open, runs }
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
}

/** Waits until all work has ended; work without progress is a finding. */
export async function waitForRest(world: World, clients: Clients): Promise<ChaosFinding[]> {
  let seen = ''
  // Work that is found and put back for ever oscillates: only a new minimum counts as progress.
  let minWork = Number.POSITIVE_INFINITY
  let movedAt = performance.now()
  let restSince: number | undefined
  for (;;) {
    world.setting.stopping.throwIfAborted()
    const work = await findWork(world.redis.control, world).catch(() => ({ redis: 1 }))
    const now = performance.now()
    if (clients.isDone() && Object.keys(work).length === 0) {
      restSince ??= now
      if (now - restSince > restMs) return []
    } else restSince = undefined
    const state = `${clients.progress()} ${world.ledger.final()}`
    const amount = Object.values(work).reduce((sum, count) => sum + count, 0)
    if (state !== seen || amount < minWork) movedAt = now
    seen = state
    minWork = Math.min(amount, minWork)
    if (now - movedAt > stillMs && restSince === undefined) {
      const what = [
        ...clients.unfinished(),
        ...Object.entries(work).map((entry) => entry.join(' ')),
      ]
      return [finding('hanging', `nothing moves: ${what.join(', ')}`)]
    }
    await delay(everyMs)
  }
}
