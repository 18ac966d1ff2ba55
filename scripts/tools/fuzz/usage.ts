import { readdirSync, readFileSync } from 'node:fs'
import type { ChaosRole } from '../chaos/world/role.ts'

/** Resources of one role's processes, including their children. */
interface RoleUsage {
  rssBytes: number
  /** Processor time so far, including ended children, seconds. */
  cpuSeconds: number
}

const ticksPerSecond = 100
const pageBytes = 4_096

/** Measures every role once. A role's processes are one process group. */
export function measureRoles(roles: readonly ChaosRole[]): Map<string, RoleUsage> {
  const used = new Map(roles.map(({ name }) => [name, { rssBytes: 0, cpuSeconds: 0 }]))
  const names = new Map(roles.map((role) => [role.pid(), role.name]))
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const fields = statOf(entry)
    const role = used.get(names.get(Number(fields?.[2])) ?? '')
    if (fields === undefined || role === undefined) continue
    // Fields 14 to 17 and 24 of proc(5), counted after the name.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    role.cpuSeconds += ticks / ticksPerSecond
    role.rssBytes += Number(fields[21]) * pageBytes
  }
  return used
}

/** The fields after a process's name; undefined where it has ended. */
function statOf(entry: string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${entry}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

export const totalCpu = (usage: ReadonlyMap<string, RoleUsage>): number =>
  [...usage.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)

const sampleMs = 250

/** Tracks the memory of each role: its peak since the start, and its present value. */
export function watchMemory(roles: readonly ChaosRole[]) {
  const peaks = new Map<string, number>()
  const look = (): Map<string, RoleUsage> => {
    const usage = measureRoles(roles)
    for (const [name, { rssBytes }] of usage)
      peaks.set(name, Math.max(peaks.get(name) ?? 0, rssBytes))
    return usage
  }
  const timer = setInterval(look, sampleMs)
  return { look, peaks, close: () => clearInterval(timer) }
}
