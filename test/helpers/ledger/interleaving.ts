import { setImmediate as turn } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'

/** An answer that has arrived may take some turns of the event loop until it has led to the next call. */
const quietTurns = 5

/** Whether a file is being written, or anything else is in the hands of libuv's threads. */
const isThreadBusy = (): boolean =>
  process.getActiveResourcesInfo().some((name) => /^FSReq|REQUEST$/.test(name))

/**
 * Runs operations so that each of their `gate()`s stops them until it is opened: whoever opens the gates chooses how
 * they interleave. Everything between two gates is real, and none of it is under way when `start` and `open` return,
 * however busy the machine is: the same choices are the same history. `isWaiting` tells whether an answer to one of the
 * operations is still to come over the network.
 */
export function createInterleaving(isWaiting: () => boolean) {
  let gates: { name: string; open: () => void }[] = []
  let isOpen = false
  let life = 0
  const failures: Error[] = []
  const running = new Set<Promise<void>>()
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      await turn()
      if (isWaiting() || isThreadBusy()) quiet = 0
    }
  }
  return {
    /**
     * Waits to be let through; gates of other names stand in the order of these, whoever came first. What stands here when
     * the process dies is never heard of again.
     */
    gate: async (name: string): Promise<void> => {
      if (isOpen) return
      const { promise, resolve } = Promise.withResolvers<void>()
      gates.push({ name, open: resolve })
      await promise
    },
    /** Starts an operation, and returns when it has ended or stands at a gate. */
    start: async (operation: () => Promise<unknown>): Promise<void> => {
      const own = life
      const work = operation().then(
        () => undefined,
        (thrown: unknown) => {
          if (own === life) failures.push(toError(thrown))
        },
      )
      running.add(work)
      void work.finally(() => running.delete(work))
      await settle()
    },
    /** Opens one gate, chosen by number. */
    async open(number: number): Promise<void> {
      gates.sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name))
      const [gate] = gates.splice(number % Math.max(1, gates.length), 1)
      gate?.open()
      if (gate !== undefined) await settle()
    },
    /** Forgets what is under way, as a kill does. */
    abandon(): void {
      life += 1
      gates = []
      running.clear()
    },
    /** Opens every gate, from now on, and waits until everything has ended. */
    async finish(): Promise<void> {
      isOpen = true
      for (const { open } of gates.splice(0)) open()
      await Promise.all(running)
    },
    /** Throws what an operation threw. */
    check(): void {
      const [first] = failures
      if (first !== undefined) throw first
    },
  }
}

export type Interleaving = ReturnType<typeof createInterleaving>
