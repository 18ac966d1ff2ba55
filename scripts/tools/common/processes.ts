import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, sep } from 'node:path'

/** The bench marks the processes that it starts with this variable, so that it finds all of them. */
export const markVariable = 'SCRIPTORIUM_BENCH_WORKSPACE'

export type ProcessRole =
  | 'api'
  | 'load'
  | 'serve'
  | 'ingest'
  | 'aggregator'
  | 'fleet'
  | 'worker'
  | 'redis'
  | 'other'

/** A process that the bench started, directly or not. Memory is resident, bytes. */
interface Found {
  pid: number
  role: ProcessRole
  rssBytes: number
  /** Its peak (VmHWM). */
  peakBytes: number
  /** Processor time so far, seconds. */
  cpuSeconds: number
}

const roles: readonly [ProcessRole, RegExp][] = [
  ['api', /services\/api\/main\.ts/],
  ['load', /bench\/api\/load\/main\.ts/],
  ['serve', /scriptorium\.js serve/],
  ['aggregator', /services\/aggregator\/main\.ts/],
  ['fleet', /workers\/fleet\/main\.ts/],
  ['worker', /workers\/ocr\/main\.ts/],
  ['ingest', /scriptorium\.js ingest/],
  ['redis', /(redis|valkey)-server/],
]

/** All our living processes: found by the mark, or (Redis overwrites its own) by the working folder. */
export function findProcesses(workspace: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => look(Number(name), workspace) ?? [])
}

function look(pid: number, workspace: string): Found | undefined {
  const folder = `/proc/${pid}`
  try {
    const environment = readFileSync(join(folder, 'environ'), 'latin1').split('\0')
    const isOurs =
      environment.includes(`${markVariable}=${workspace}`) ||
      readlinkSync(join(folder, 'cwd')).startsWith(workspace + sep)
    if (!isOurs) return undefined
    const command = readFileSync(join(folder, 'cmdline'), 'latin1').replaceAll('\0', ' ')
    const status = readFileSync(join(folder, 'status'), 'latin1')
    const role = roles.find(([, pattern]) => pattern.test(command))?.[0] ?? 'other'
    const cpuSeconds = cpuOf(readFileSync(join(folder, 'stat'), 'latin1'))
    const [rssBytes, peakBytes] = [field(status, 'VmRSS'), field(status, 'VmHWM')]
    return { pid, role, rssBytes, peakBytes, cpuSeconds }
  } catch {
    return undefined // It has ended meanwhile, or is another user's.
  }
}

const field = (status: string, name: string): number =>
  1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)

/** Linux reports hundredths of a second here, independent of its own clock rate. */
const ticksPerSecond = 100

/** User and system time: fields 14 and 15, counted after the name, which may contain spaces. */
function cpuOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
