import { setImmediate as turn } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'

/** An answer that has arrived may take some turns of the event loop until it has led to the next call. */
const quietTurns = 5

/** Whether a file is being written, or anything else is in the hands of libuv's threads. */
const isThreadBusy = (): boolean =>
  process.getActiveResourcesInfo().some((name) => /^FSReq|REQUEST$/.test(name))

/**
 * Runs operations so that each of their `gate()`s stops them until it is opened: the caller opens the gates and so
 * chooses the interleaving. Everything between two gates is real, and none of it is active when `start` and `open`
 * return, however busy the machine is: the same choices give the same history. `isWaiting` reports whether a network
 * answer to one of the operations is outstanding.
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
     * Waits at a gate; gates of other names come in this order, not in the order of arrival. An operation that waits
     * here when the process dies never continues.
     */
    gate: async (name: string): Promise<void> => {
      if (isOpen) return
      const { promise, resolve } = Promise.withResolvers<void>()
      gates.push({ name, open: resolve })
      await promise
    },
    /** Starts an operation, and returns when it has ended or reached a gate. */
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
    /** Drops active operations, like a kill. */
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
    /** Throws the error of an operation. */
    check(): void {
      const [first] = failures
      if (first !== undefined) throw first
    },
  }
}
