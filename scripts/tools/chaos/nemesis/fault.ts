import type { Clients } from '../clients/clients.ts'
import type { Sample } from '../corpus/corpus.ts'
import type { World } from '../world/world.ts'

/** The environment of a fault. */
export interface Scene {
  world: World
  clients: Clients
  samples: readonly Sample[]
  /** In [0, 1), drawn with the schedule: chooses the target. */
  dice: number
}

/** An active fault. */
interface Strike {
  /** The target's name in the history. */
  target: string
  /** Ends it, unless it ends by itself. */
  heal?: () => Promise<unknown> | void
}

/** A kind of fault. */
export interface ChaosFault {
  name: string
  /** The resource it uses: no two active faults share one. */
  holds: string
  /** Its duration before it is healed, milliseconds. */
  lastsMs: readonly [min: number, max: number]
  /** A reason not to inject it here. */
  lacks?: (world: World) => string | undefined
  /** Undefined where there is no target at present. */
  strike: (scene: Scene) => Promise<Strike | undefined> | Strike | undefined
}

export const moment = [0, 0] as const

/** The element that `dice` selects. */
export const chooseTarget = <T>(list: readonly T[], dice: number): T | undefined =>
  list[Math.floor(dice * list.length)]
