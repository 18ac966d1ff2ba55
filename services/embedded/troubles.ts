import type { Death } from '../../shared/process/supervisor.ts'
import { lastFatal, logFileOf } from './log-file.ts'

/** Describes the deaths of processes; never repeats the same line in a row. */
export function createTroubles(stateFolder: string, onTrouble: (line: string) => void) {
  let said = ''
  return {
    /** Why a process cannot start, if it logged a reason. */
    reasonOf: (name: string): string =>
      lastFatal(stateFolder) ?? `the ${name} cannot start; see ${logFileOf(stateFolder)}`,
    /** `lastWords` replace a reason from the stack's log. */
    tell(name: string, death: Death, lastWords?: string): void {
      if (death.code === 0) return // It was asked to end, or ends so that a fresh one replaces it.
      const line = `the ${name} ${describe(death, stateFolder, lastWords)}; restarting it`
      if (line !== said) onTrouble(line)
      said = line
    },
  }
}

export type Troubles = ReturnType<typeof createTroubles>

function describe(
  { pid, code, signal, error }: Death,
  stateFolder: string,
  lastWords?: string,
): string {
  if (error !== undefined) return `does not start: ${error.message}`
  if (signal !== null) return `was killed (${signal})`
  const reason = lastWords ?? (pid === undefined ? undefined : lastFatal(stateFolder, pid))
  return `exited with code ${code}${reason === undefined ? '' : `: ${reason}`}`
}
