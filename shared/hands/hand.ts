import type { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Gate } from './gate.ts'
import type { HandMarks } from './hand-marks.ts'
import type { Suspects } from './suspects.ts'

/** A sequence of work; one item at a time is in progress. */
export interface Hand {
  /**
   * Names the item whose work begins now; the work before it is finished. Returns a promise only where it has to wait:
   * a suspect runs alone. Throws `poison` where the item is set aside.
   */
  next(item: string): Promise<void> | undefined
  /** Names the current one of many items that are processed together. They are no suspects. */
  part(item: string): void
  /** Clears the current item until work on the same item continues. */
  rest(): void
  /** Ends the work with any outcome: the process survived it. */
  done(): void
}

/** Work that contains other work. */
export interface Outer {
  rest: () => void
  resume: () => void
}

export interface HandDeps {
  marks: Pick<HandMarks, 'take' | 'write' | 'clear' | 'giveBack'>
  suspects: Suspects
  gate: Gate
  /** The work that contains this work. */
  outers: AsyncLocalStorage<Outer>
}

/** Takes one sequence of work in hand. */
export function createHand({ marks, suspects, gate, outers }: HandDeps): Hand {
  let slot: number | undefined
  let item: string | undefined
  let release: (() => void) | undefined

  const begin = (named: string, onEnd: () => void): void => {
    item = named
    release = onEnd
    slot ??= marks.take()
    marks.write(slot, named)
  }
  const rest = (): void => {
    if (release === undefined) return
    if (slot !== undefined) marks.clear(slot)
    release()
    release = undefined
  }
  const survive = (): void => {
    if (item !== undefined) suspects.clear(item)
    item = undefined
  }
  const enter = async (named: string, isSuspect: boolean): Promise<void> => {
    const outer = outers.getStore()
    if (outer !== undefined) {
      outer.rest() // So that the part is blamed, and not the whole with it.
      const waitMs = suspects.restOf(named)
      if (waitMs > 0) await delay(waitMs)
      begin(named, outer.resume)
    } else if (isSuspect) {
      const waitMs = suspects.restOf(named)
      if (waitMs > 0) await delay(waitMs)
      begin(named, await gate.alone())
    } else {
      await gate.beside()
      begin(named, gate.leave)
    }
  }
  return {
    next(named) {
      const isSuspect = suspects.has(named)
      const isPlain = !isSuspect && !gate.isClosed()
      if (!isPlain || release !== gate.leave) {
        rest()
        if (named !== item) survive()
        suspects.requireSound(named)
        if (!isPlain) return enter(named, isSuspect)
        gate.enter()
      } // Otherwise it continues at once, and its line is overwritten.
      begin(named, gate.leave)
      return undefined
    },
    part(named) {
      if (slot !== undefined && release !== undefined && named !== item) marks.write(slot, named)
    },
    rest,
    done() {
      rest()
      survive()
      if (slot !== undefined) marks.giveBack(slot)
      slot = undefined
    },
  }
}
