import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { findProcesses } from '../../common/processes.ts'

/** Resources used by all processes that a command started. */
interface Usage {
  /** Peak memory, shared pages counted once (PSS), bytes. */
  peakBytes: number
  /** Last measured processor time of each process, seconds: the end of each is missing. */
  seenCpuSeconds: number
}

/** A measurement takes a few milliseconds of a core: about 1 % of it. */
const everyMs = 250

/** Measures every process with the bench's mark while `work` runs. */
export async function watchUsage<T>(
  workspace: string,
  work: () => Promise<T>,
): Promise<{ value: T; usage: Usage }> {
  const cpuOf = new Map<number, number>()
  const over = new AbortController()
  let peakBytes = 0
  const look = (): void => {
    let bytes = 0
    for (const { pid, cpuSeconds } of findProcesses(workspace)) {
      bytes += proportionalBytes(pid)
      cpuOf.set(pid, cpuSeconds)
    }
    peakBytes = Math.max(peakBytes, bytes)
  }
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      look()
      await delay(everyMs, undefined, { signal: over.signal }).catch(() => undefined) // It is over.
    }
  }
  const watching = watch()
  try {
    const value = await work()
    const seenCpuSeconds = cpuOf.values().reduce((sum, seconds) => sum + seconds, 0)
    return { value, usage: { peakBytes, seenCpuSeconds } }
  } finally {
    over.abort()
    await watching
  }
}

/** Memory of a process, with shared memory divided among its sharers. */
function proportionalBytes(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
    return 1_024 * Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0)
  } catch {
    return 0 // It has ended meanwhile.
  }
}
