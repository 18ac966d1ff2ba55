import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { version } from '../../../shared/process/version.ts'

/** The measured machine: without it the figures mean nothing. */
export interface Machine {
  cores: number
  cpu: string
  memoryGiB: number
  node: string
  scriptorium: string
  date: string
  /** Processes that wanted a core in the preceding minute: above 0.5 the machine was not idle. */
  load: number
}

export const describeMachine = (nodeVersion: string): Machine => ({
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: nodeVersion,
  scriptorium: version,
  date: new Date().toISOString().slice(0, 10),
  load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
})

export function machineLine(machine: Machine): string {
  const { cores, cpu, memoryGiB, node, scriptorium, date, load } = machine
  return `Scriptorium ${scriptorium}, Node ${node}, ${cores} cores of ${cpu}, ${memoryGiB} GiB, ${date}, load before ${load}`
}
