import { ScriptoriumError, toError } from '../process/errors.ts'
import type { Lines } from '../process/outage-log.ts'

/** An item is set aside after this many deaths of a process over it. */
export const maxDeaths = 3

export interface SuspectsDeps {
  /** Items over which a process died and that no process has finished since, with the number of deaths. */
  suspects: Map<string, number>
  /** Records durably that an item is no suspect any more. */
  forget: (item: string) => void
  /** Describes the processing of an item during which the process died, and the cure. */
  describe: (item: string) => string
  log: Lines
  /** Delay before a suspect of one death is tried again; one of two deaths waits twice as long. */
  restMs?: number
}

/** Longer than the interval between two kills in quick succession. */
const defaultRestMs = 500

/** The items that may kill the process. */
export function createSuspects(deps: SuspectsDeps) {
  const { suspects, forget, describe, log, restMs = defaultRestMs } = deps
  let beganAt: number | undefined
  const isPoison = (item: string): boolean => (suspects.get(item) ?? 0) >= maxDeaths
  return {
    /** Whether the process died over this item, and the item has not been finished since. */
    has: (item: string): boolean => suspects.has(item),
    /** Why an item is set aside; undefined where it is not. */
    poisonOf: (item: string): string | undefined => (isPoison(item) ? describe(item) : undefined),
    /** Throws `poison` where the item is set aside. */
    requireSound: (item: string): void => {
      if (isPoison(item)) throw new ScriptoriumError('poison', describe(item))
    },
    /** Remaining delay of a suspect, milliseconds, counted from the first work of this process. */
    restOf: (item: string): number => {
      beganAt ??= performance.now()
      const deaths = suspects.get(item) ?? 0
      return deaths === 0 ? 0 : Math.max(0, beganAt + restMs * deaths - performance.now())
    },
    /** Resets its deaths: it was finished, processed as a part, or a user wants another attempt. */
    clear: (item: string): void => {
      if (!suspects.delete(item)) return
      try {
        forget(item)
      } catch (thrown) {
        log.warn({ item, err: toError(thrown) }, 'deleting a crash count failed')
      }
    },
    /** Those with this prefix. */
    startingWith: (beginning: string): string[] =>
      suspects.size === 0 ? [] : [...suspects.keys()].filter((item) => item.startsWith(beginning)),
  }
}

export type Suspects = ReturnType<typeof createSuspects>

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
