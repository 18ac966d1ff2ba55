import { execFile } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

/** Measures the memory of a process at intervals. */
export interface ProcessGauge {
  /** Calls `onAbove` once it exceeds `maxBytes`; the returned function ends the watch. */
  watch: (maxBytes: number, onAbove: () => void) => () => void
  /** The last measurement, bytes: the process may have ended since. */
  lastBytes: () => number
  /** The present value, bytes; the last one where none is available at once. */
  look: () => number
  /** Memory that it may touch without another allocation, bytes: far more than its resident size; 0 where unknown. */
  dataBytes: () => number
  close: () => void
}

/** Memory is touched at about 1 GB a second: within this interval a child exceeds its limit by some 10 MB. */
const intervalMs = 10
/** For systems where each measurement starts a program. */
const slowIntervalMs = 100

/** Reads `/proc`, or runs `ps` without it. Own code: `pidusage` is asynchronous, and leaves out swapped pages. */
export function createProcessGauge(pid: number): ProcessGauge {
  const status = openStatus(pid)
  return status === undefined ? gaugeByPs(pid) : gaugeByStatus(status)
}

/** Undefined without `/proc`, or where the process has ended: it needs no watch any more. */
function openStatus(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/status`, 'r')
  } catch {
    return undefined
  }
}

/** 10 µs per measurement. `statm` would take 3 µs, but counts pages, and Node does not expose their size. */
function gaugeByStatus(opened: number): ProcessGauge {
  let status: number | undefined = opened
  const room = Buffer.alloc(8_192)
  let residentBytes = 0
  let dataBytes = 0
  const look = (): number => {
    if (status === undefined) return residentBytes
    try {
      const text = room.toString('latin1', 0, readSync(status, room, 0, room.length, 0))
      // An exited process has no such fields: its last value explains its end.
      residentBytes = bytesOf(text, 'VmRSS:') + bytesOf(text, 'VmSwap:') || residentBytes
      dataBytes = bytesOf(text, 'VmData:') || dataBytes
    } catch {
      // ESRCH: it has exited, and the caller that awaits its answer learns that.
    }
    return residentBytes
  }
  return {
    watch(maxBytes, onAbove) {
      const timer = setInterval(() => {
        if (look() > maxBytes) onAbove()
      }, intervalMs)
      return () => clearInterval(timer)
    },
    lastBytes: () => residentBytes,
    look,
    dataBytes: () => dataBytes,
    close() {
      if (status !== undefined) closeSync(status)
      status = undefined
    },
  }
}

/** Returns a field given in kilobytes as bytes; 0 where it is missing. */
function bytesOf(status: string, field: string): number {
  const at = status.indexOf(field)
  return at < 0 ? 0 : 1_024 * Number.parseInt(status.slice(at + field.length, at + 40), 10)
}

/** For systems without `/proc`. */
export function gaugeByPs(pid: number): ProcessGauge {
  let residentBytes = 0
  return {
    watch(maxBytes, onAbove) {
      const timer = setInterval(() => {
        execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, output) => {
          // It has ended, or `ps` is missing, too: only the deadline is left.
          if (error !== null) return
          residentBytes = 1_024 * Number.parseInt(output, 10)
          if (residentBytes > maxBytes) onAbove()
        })
      }, slowIntervalMs)
      return () => clearInterval(timer)
    },
    lastBytes: () => residentBytes,
    look: () => residentBytes,
    dataBytes: () => 0,
    close: () => undefined,
  }
}

/**
 * Returns how often the kernel has killed a process for lack of memory, on the machine or in a container; 0 where that
 * is unknown.
 */
export function outOfMemoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // No Linux.
  }
}
