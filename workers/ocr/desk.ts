import { setTimeout as delay } from 'node:timers/promises'
import PQueue from 'p-queue'

/** Runs work when its turn comes. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>

/** The two places where a page is worked on. */
export interface Desk {
  prepare: Turn
  read: Turn
}

const atOnce: Turn = (work) => work()

/** A prepared page of a bulk run makes way for one that somebody waits for, and is on its way here, for so long. */
const mostWaitMs = 1_000
const waitStepMs = 50

/**
 * A worker's desk: one page is being read while the next is being prepared. Pages that somebody waits for go ahead.
 * A page whose worker died before is read alone, so that if it kills again, no neighbour is blamed.
 */
export function createDesk() {
  const preparing = new PQueue({ concurrency: 1 })
  const reading = new PQueue({ concurrency: 1 })
  let areExpected = false
  let beingPrepared = 0

  const interactive: Desk = {
    async prepare(work) {
      beingPrepared += 1
      try {
        return await preparing.add(work, { priority: 1 })
      } finally {
        beingPrepared -= 1
      }
    },
    read: (work) => reading.add(work, { priority: 1 }),
  }
  const bulk: Desk = {
    prepare: (work) => preparing.add(work),
    async read(work) {
      for (let waitedMs = 0; ; waitedMs += waitStepMs) {
        const turn = await reading.add(async () => {
          if ((areExpected || beingPrepared > 0) && waitedMs < mostWaitMs) return undefined
          return { value: await work() }
        })
        if (turn !== undefined) return turn.value
        await delay(waitStepMs)
      }
    },
  }
  return {
    interactive,
    bulk,
    /** Whether pages that somebody waits for are on the queue: the next one may be ours. */
    expectInteractive(areWaiting: boolean): void {
      areExpected = areWaiting
    },
    alone: <T>(work: (desk: Desk) => Promise<T>): Promise<T> =>
      preparing.add(() => reading.add(() => work({ prepare: atOnce, read: atOnce }))),
  }
}
