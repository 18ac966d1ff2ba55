import { setTimeout as delay } from 'node:timers/promises'
import { toError } from '../../../../shared/process/errors.ts'
import type { Clients } from '../clients/clients.ts'
import type { Sample } from '../corpus/corpus.ts'
import type { History } from '../history/history.ts'
import type { World } from '../world/world.ts'
import { diskFaults } from './disk-faults.ts'
import type { ChaosFault } from './fault.ts'
import { inputFaults } from './input-faults.ts'
import { instanceFaults } from './instance-faults.ts'
import { processFaults } from './process-faults.ts'
import { documentsInHand, waitForFinal } from './recovery.ts'
import { redisFaults } from './redis-faults.ts'
import type { PlannedFault } from './schedule.ts'

export const allFaults: readonly ChaosFault[] = [
  ...processFaults,
  ...redisFaults,
  ...diskFaults,
  ...instanceFaults,
  ...inputFaults,
]

/** An injected fault, and the time from its heal until all work of that moment was final. */
export interface Injected {
  name: string
  target: string
  recoveryMs?: number
}

interface Deps {
  world: World
  clients: Clients
  samples: readonly Sample[]
  history: History
  /** Aborted when all work has ended, and no recovery is awaited any more. */
  rested: AbortSignal
}

/** Injects the faults of a schedule, each at its moment, and heals them. */
export function createNemesis({ world, clients, samples, history, rested }: Deps) {
  const recoveries: Promise<void>[] = []
  const injected: Injected[] = []

  const strike = async ({ fault, lastsMs, dice }: PlannedFault): Promise<void> => {
    const { name } = fault
    const inHand = await documentsInHand(world)
    const struck = await fault.strike({ world, clients, samples, dice })
    if (struck === undefined) return history.note('no target', { fault: name })
    const { target } = struck
    history.note('fault', { fault: name, target, lastsMs, inHand })
    const entry: Injected = { name, target }
    injected.push(entry)
    await delay(lastsMs)
    await struck.heal?.()
    history.note('healed', { fault: name, target })
    if (inHand.length === 0) return
    const note = async (): Promise<void> => {
      const recoveryMs = await waitForFinal(world, inHand, rested)
      if (recoveryMs === undefined) return
      entry.recoveryMs = recoveryMs
      history.note('recovered', { fault: name, recoveryMs })
    }
    recoveries.push(note())
  }
  const play = async (planned: PlannedFault): Promise<void> => {
    await delay(planned.atMs, undefined, { signal: world.setting.stopping })
    try {
      await strike(planned)
    } catch (thrown) {
      // A Redis that another fault has taken away cannot be wiped.
      history.note('fault failed', { fault: planned.fault.name, why: toError(thrown).message })
    }
  }
  return {
    injected,
    /** Resolves when the last fault is healed. */
    play: async (schedule: readonly PlannedFault[]) => void (await Promise.all(schedule.map(play))),
    /** Resolves when every recovery has come, or `rested`. */
    recovered: async () => void (await Promise.all(recoveries)),
  }
}
