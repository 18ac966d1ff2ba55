import { setTimeout as delay } from 'node:timers/promises'
import PQueue from 'p-queue'

/** Runs work when its turn comes. */
type RunWork = <T>(work: () => Promise<T>) => Promise<T>

/** The two slots in which a page is processed. */
export interface Desk {
  prepare: RunWork
  read: RunWork
}

const atOnce: RunWork = (work) => work()

/** Maximum time for which a prepared page of a bulk run waits for an interactive page that is on its way here. */
const maxWaitMs = 1_000
const waitStepMs = 50

/**
 * A worker's desk: one page is read while the next is prepared. Interactive pages go first. A page whose worker died
 * before is read alone, so that no neighbour is blamed if it kills again.
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
          if ((areExpected || beingPrepared > 0) && waitedMs < maxWaitMs) return undefined
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
    /** Whether interactive pages are on the queue: this worker may get the next one. */
    expectInteractive(areWaiting: boolean): void {
      areExpected = areWaiting
    },
    alone: <T>(work: (desk: Desk) => Promise<T>): Promise<T> =>
      preparing.add(() => reading.add(() => work({ prepare: atOnce, read: atOnce }))),
  }
}
