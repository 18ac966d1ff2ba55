import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { ScriptoriumError, toError } from '../process/errors.ts'
import { createGate } from './gate.ts'
import type { HandMarks } from './hand-marks.ts'
import type { Lines } from '../process/outage-log.ts'

/** An item is set aside after this many deaths of a process over it. */
export const maxDeaths = 3

interface Deps {
  marks: Pick<HandMarks, 'take' | 'write' | 'clear' | 'giveBack'>
  /** Items over which a process died and that no process has finished since, with the number of deaths. */
  suspects: Map<string, number>
  /** Records durably that an item is no suspect any more. */
  forget: (item: string) => void
  /** Describes the processing of an item during which the process died, and the cure. */
  describe: (item: string) => string
  log: Lines
  /** Maximum time for which a suspect waits for running work, and other work for a suspect. */
  patienceMs?: number
  /** Delay before a suspect of one death is tried again; one of two deaths waits twice as long. */
  restMs?: number
}

/** Long enough for a large file. */
const defaultPatienceMs = 10_000
/** Longer than the interval between two kills in quick succession. */
const defaultRestMs = 500

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
  /** Ends the work, whatever its outcome: the process survived it. */
  done(): void
}

/** Work that contains other work. */
interface Outer {
  rest: () => void
  resume: () => void
}

/**
 * Records work before it begins, and sets aside items that kill the process. Work in progress beside the killer becomes
 * suspect, too; a suspect runs alone, so that its next death is its own, and is cleared once it finishes. It waits
 * before that: otherwise an outside killer that strikes again and again as soon as the process is back would hit the
 * same suspect each time. Without suspects an item costs one small write, and one more at the end.
 */
export function createHands(deps: Deps) {
  const { marks, suspects, log, patienceMs = defaultPatienceMs, restMs = defaultRestMs } = deps
  const outers = new AsyncLocalStorage<Outer>()
  const gate = createGate(patienceMs)

  let beganAt: number | undefined
  /** Remaining delay of a suspect, milliseconds, counted from the first work of this process. */
  const restOf = (item: string): number => {
    beganAt ??= performance.now()
    const deaths = suspects.get(item) ?? 0
    return deaths === 0 ? 0 : Math.max(0, beganAt + restMs * deaths - performance.now())
  }

  const clear = (item: string): void => {
    if (!suspects.delete(item)) return
    try {
      deps.forget(item)
    } catch (thrown) {
      log.warn({ item, err: toError(thrown) }, 'deleting a crash count failed')
    }
  }

  const requireSound = (item: string): void => {
    if ((suspects.get(item) ?? 0) >= maxDeaths)
      throw new ScriptoriumError('poison', deps.describe(item))
  }

  const take = (): Hand => {
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
      if (item !== undefined) clear(item)
      item = undefined
    }
    const enter = async (named: string, isSuspect: boolean): Promise<void> => {
      const outer = outers.getStore()
      if (outer !== undefined) {
        outer.rest() // So that the part is blamed, and not the whole with it.
        const waitMs = restOf(named)
        if (waitMs > 0) await delay(waitMs)
        begin(named, outer.resume)
      } else if (isSuspect) {
        const waitMs = restOf(named)
        if (waitMs > 0) await delay(waitMs)
        begin(named, await gate.alone())
      } else {
        await gate.beside()
        begin(named, gate.leave)
      }
    }
    return {
      next(named) {
        const deaths = suspects.get(named)
        const isPlain = deaths === undefined && !gate.isClosed()
        if (!isPlain || release !== gate.leave) {
          rest()
          if (named !== item) survive()
          requireSound(named)
          if (!isPlain) return enter(named, deaths !== undefined)
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

  const mark = (item: string) => {
    const slot = marks.take()
    const outer: Outer = { rest: () => marks.clear(slot), resume: () => marks.write(slot, item) }
    outer.resume()
    return {
      outer,
      survive: (): void => {
        outer.rest()
        marks.giveBack(slot)
        clear(item)
      },
    }
  }

  return {
    take,
    /** Runs one piece of work. Throws `poison` where the item is set aside. */
    hold: async <T>(item: string, work: () => T | Promise<T>): Promise<T> => {
      const hand = take()
      try {
        await hand.next(item)
        return await work()
      } finally {
        hand.done()
      }
    },
    /** Runs work that may wait for other work: a suspect among that does not wait for this. */
    around: async <T>(item: string, work: () => Promise<T>): Promise<T> => {
      requireSound(item)
      const waitMs = restOf(item)
      if (waitMs > 0) await delay(waitMs)
      const release = suspects.has(item) ? await gate.alone() : undefined
      const { outer, survive } = mark(item)
      try {
        return await (release === undefined ? work() : outers.run(outer, work))
      } finally {
        survive()
        release?.()
      }
    },
    /** Records work that mostly waits for other work, and that no work waits for. Returns the function that ends it. */
    remember(item: string): () => void {
      requireSound(item)
      return mark(item).survive
    },
    /** Whether the process died over this item, and the item has not been finished since. */
    isSuspect: (item: string): boolean => suspects.has(item),
    /** Why an item is set aside; undefined where it is not. */
    poisonOf: (item: string): string | undefined =>
      (suspects.get(item) ?? 0) < maxDeaths ? undefined : deps.describe(item),
    /** Whether the process died over any item with this prefix. */
    hasSuspects: (beginning: string): boolean =>
      suspects.size > 0 && [...suspects.keys()].some((item) => item.startsWith(beginning)),
    /** Resets its deaths: it was processed as a part, or a user wants another attempt. */
    pardon: clear,
    /** The same for all items with this prefix. */
    pardonAll: (beginning: string): void =>
      [...suspects.keys()].filter((item) => item.startsWith(beginning)).forEach(clear),
  }
}

export type Hands = ReturnType<typeof createHands>

const ignore = (): void => undefined

/** For work that needs no record. */
const freeHand: Hand = { next: () => undefined, part: ignore, rest: ignore, done: ignore }
export const freeHands: Pick<
  Hands,
  'take' | 'hold' | 'around' | 'remember' | 'isSuspect' | 'hasSuspects' | 'poisonOf' | 'pardon'
> = {
  take: () => freeHand,
  hold: async (_, work) => work(),
  around: (_, work) => work(),
  remember: () => ignore,
  isSuspect: () => false,
  hasSuspects: () => false,
  poisonOf: () => undefined,
  pardon: ignore,
}

/**
 * Counts the deaths of the items that a process left unfinished, for items in `known`. Only an item that was alone is
 * certainly guilty: of several, each becomes a suspect. The blame goes to the lowest `levelOf`: work that waits for
 * other work is in progress without doing anything.
 */
export function countDeaths(
  items: readonly string[],
  known: ReadonlyMap<string, number>,
  levelOf: (item: string) => number = () => 0,
): Map<string, number> {
  const lowest = Math.min(...items.map(levelOf))
  const isOneOnly = new Set(items.filter((item) => levelOf(item) === lowest)).size === 1
  return new Map(
    items.map((item) => {
      const before = known.get(item) ?? 0
      const isItsOwn = isOneOnly && levelOf(item) === lowest
      return [item, isItsOwn ? before + 1 : Math.max(before, 1)]
    }),
  )
}
