import { readFileSync, writeFileSync } from 'node:fs'

const field = (status: string, name: string): number =>
  1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)

/** Resident memory of a process, bytes: the present value, and the peak since the last reset. */
export function residentOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return { now: field(status, 'VmRSS'), peak: field(status, 'VmHWM') }
}

/** Resets a process's peak in Linux (proc(5), clear_refs): a new peak belongs to a new load. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')
