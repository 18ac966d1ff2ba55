import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { createGate } from './gate.ts'
import { createHand, type Hand, type HandDeps, type Outer } from './hand.ts'
import { createSuspects, type SuspectsDeps } from './suspects.ts'

interface Deps extends SuspectsDeps {
  marks: HandDeps['marks']
  /** Maximum time for which a suspect waits for running work, and other work for a suspect. */
  patienceMs?: number
}

/** Long enough for a large file. */
const defaultPatienceMs = 10_000

/**
 * Records work before it begins, and sets aside items that kill the process. Work in progress beside the killer becomes
 * suspect, too; a suspect runs alone, so that its next death is its own, and is cleared once it finishes. It waits
 * before that: otherwise an outside killer that strikes again and again as soon as the process is back would hit the
 * same suspect each time. Without suspects an item costs one small write, and one more at the end.
 */
export function createHands(deps: Deps) {
  const { marks, patienceMs = defaultPatienceMs } = deps
  const outers = new AsyncLocalStorage<Outer>()
  const gate = createGate(patienceMs)
  const suspects = createSuspects(deps)
  const take = (): Hand => createHand({ marks, suspects, gate, outers })

  const mark = (item: string) => {
    const slot = marks.take()
    const outer: Outer = { rest: () => marks.clear(slot), resume: () => marks.write(slot, item) }
    outer.resume()
    return {
      outer,
      survive: (): void => {
        outer.rest()
        marks.giveBack(slot)
        suspects.clear(item)
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
      suspects.requireSound(item)
      const waitMs = suspects.restOf(item)
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
      suspects.requireSound(item)
      return mark(item).survive
    },
    /** Whether the process died over this item, and the item has not been finished since. */
    isSuspect: suspects.has,
    /** Why an item is set aside; undefined where it is not. */
    poisonOf: suspects.poisonOf,
    /** Whether the process died over any item with this prefix. */
    hasSuspects: (beginning: string): boolean => suspects.startingWith(beginning).length > 0,
    /** Resets its deaths: it was processed as a part, or a user wants another attempt. */
    pardon: suspects.clear,
    /** The same for all items with this prefix. */
    pardonAll: (beginning: string): void =>
      suspects.startingWith(beginning).forEach((item) => suspects.clear(item)),
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
