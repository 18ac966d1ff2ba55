import pLimit from 'p-limit'

/** Runs work when its turn comes. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>

/** The two places where a page is worked on. */
export interface Desk {
  prepare: Turn
  read: Turn
}

const atOnce: Turn = (work) => work()

/**
 * A worker's desk: one page is being read while the next is being prepared.
 * A page whose worker died before is read alone, so that if it kills again, no neighbour is blamed.
 */
export function createDesk(): Desk & {
  alone: <T>(work: (desk: Desk) => Promise<T>) => Promise<T>
} {
  const preparing = pLimit(1)
  const reading = pLimit(1)
  return {
    prepare: (work) => preparing(work),
    read: (work) => reading(work),
    alone: (work) => preparing(() => reading(() => work({ prepare: atOnce, read: atOnce }))),
  }
}
