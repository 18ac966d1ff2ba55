import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toError } from '../../../shared/process/errors.ts'

/** A control group that limits the memory of its processes like a container. */
export interface Cage {
  /** The command line that runs `command` in it, in the same process. */
  wrap: (command: readonly string[]) => [program: string, arguments: string[]]
  close: () => void
}

const groups = '/sys/fs/cgroup'
const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'

/** Makes a cage; returns why none can be made where that is so. */
export function createCage(name: string, maxBytes: number): Cage | string {
  const isFirstVersion = existsSync(join(groups, 'memory'))
  const folder = join(groups, isFirstVersion ? 'memory' : '', name)
  const limit = isFirstVersion ? 'memory.limit_in_bytes' : 'memory.max'
  try {
    mkdirSync(folder)
    writeFileSync(join(folder, limit), String(maxBytes))
  } catch (thrown) {
    return `no memory limits: ${toError(thrown).message}`
  }
  return {
    wrap: (command) => ['/bin/sh', ['-c', enter, folder, ...command]],
    close() {
      try {
        rmdirSync(folder)
      } catch {
        // A process is still ending in it: an empty group costs nothing.
      }
    },
  }
}
