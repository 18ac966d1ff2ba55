import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Prefix of a command that restricts it to fewer cores; empty for all cores. */
export function corePrefix(cores: number): string[] {
  if (cores >= availableParallelism()) return []
  const status = readFileSync('/proc/self/status', 'latin1')
  const allowed = parseCores(/^Cpus_allowed_list:\s+(\S+)/m.exec(status)?.[1] ?? '')
  return ['taskset', '-c', allowed.slice(0, cores).join(',')]
}

/** True where commands can be restricted to `cores` of the available cores. */
export const canHold = (cores: number): boolean =>
  cores === availableParallelism() ||
  (cores < availableParallelism() && spawnSync('taskset', ['--version']).status === 0)

/** The cores of a list in Linux's form, `0-2,5`. */
export const parseCores = (list: string): number[] =>
  list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
