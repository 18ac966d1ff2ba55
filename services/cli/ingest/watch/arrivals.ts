import type { SeenFile } from './scan.ts'

interface Arrival {
  key: string
  /** When it was first seen in this state, milliseconds. */
  since: number
}

interface Retry {
  key: string
  failures: number
  dueAt: number
}

interface Options {
  /** A file that has not changed for this long is complete. */
  settleMs: number
  /** Delay before each further attempt at a file; none is left after the last. */
  retriesMs: readonly number[]
}

/**
 * The files that wait to be read. Each state of a file is read once: it is `done` with the state that was read, and
 * arrives again when it changes. Holds an entry for each file of the folder, and none for a file that is gone.
 */
export function createArrivals({ settleMs, retriesMs }: Options) {
  const arriving = new Map<string, Arrival>()
  const retries = new Map<string, Retry>()
  const done = new Map<string, string>()

  const forget = (present: ReadonlySet<string>): void => {
    for (const map of [arriving, retries, done]) {
      for (const path of map.keys()) if (!present.has(path)) map.delete(path)
    }
  }

  return {
    /** Takes the result of a look at the folder; `isWhole` if everything in it was seen. */
    see(files: readonly SeenFile[], now: number, isWhole: boolean): void {
      for (const { path, key } of files) {
        if (done.get(path) === key) continue
        const retry = retries.get(path)
        if (retry?.key === key) continue
        retries.delete(path)
        if (arriving.get(path)?.key !== key) arriving.set(path, { key, since: now })
      }
      if (isWhole) forget(new Set(files.map(({ path }) => path)))
    },
    /** Complete files, the oldest first. */
    settled: (now: number, limit: number): SeenFile[] =>
      [...arriving]
        .filter(([, { since }]) => now - since >= settleMs)
        .toSorted(([, a], [, b]) => a.since - b.since)
        .slice(0, limit)
        .map(([path, { key }]) => ({ path, key })),
    /** Files whose next attempt is due. */
    due: (now: number, limit: number): SeenFile[] =>
      [...retries]
        .filter(([, { dueAt }]) => dueAt <= now)
        .slice(0, limit)
        .map(([path, { key }]) => ({ path, key })),
    /** Someone still writes to it. */
    postpone(path: string, now: number): void {
      const arrival = arriving.get(path)
      if (arrival !== undefined) arrival.since = now
    },
    /** This state of the file needs no further attempt. */
    settle({ path, key }: SeenFile): void {
      arriving.delete(path)
      retries.delete(path)
      done.set(path, key)
    },
    /** Returns whether another attempt follows; otherwise the file is done. */
    fail({ path, key }: SeenFile, now: number): boolean {
      const before = retries.get(path)
      const failures = before?.key === key ? before.failures + 1 : 1
      const delay = retriesMs[failures - 1]
      if (delay === undefined) {
        this.settle({ path, key })
        return false
      }
      arriving.delete(path)
      retries.set(path, { key, failures, dueAt: now + delay })
      return true
    },
    /** Milliseconds until something may be ready; Infinity if nothing waits. */
    nextIn(now: number): number {
      let at = Infinity
      for (const { since } of arriving.values()) at = Math.min(at, since + settleMs)
      for (const { dueAt } of retries.values()) at = Math.min(at, dueAt)
      return Math.max(0, at - now)
    },
    /** Number of files that are remembered. */
    size: (): number => arriving.size + retries.size + done.size,
  }
}

export type Arrivals = ReturnType<typeof createArrivals>
