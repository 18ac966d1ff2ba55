import { join } from 'node:path'
import { markVariable } from '../../common/processes.ts'

/** Where a campaign takes place, and with which settings its processes run. */
export interface ChaosSetting {
  /** Holds everything that is made; by its name every process of the campaign is found. */
  folder: string
  node: string
  repository: string
  /** A checkout of an older version. */
  old: string | undefined
  engine: 'quick' | 'real'
  environment: NodeJS.ProcessEnv
  isRoot: boolean
  stopping: AbortSignal
}

export const chaosWorkers = 2

/** What every process of a campaign inherits: nothing of Scriptorium's from outside. */
export function cleanEnvironment(
  environment: NodeJS.ProcessEnv,
  folder: string,
  engine: ChaosSetting['engine'],
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !/^(SCRIPTORIUM_|NODE_)/.test(name) && name !== 'REDIS_URL',
  )
  return {
    ...Object.fromEntries(kept),
    [markVariable]: folder,
    TMPDIR: join(folder, 'tmp'),
    NODE_COMPILE_CACHE: 'node_modules/.cache/compile',
    ...(engine === 'quick' && {
      SCRIPTORIUM_ENGINE: join(import.meta.dirname, '../corpus/engine.ts'),
    }),
    // Its disks are small ones.
    SCRIPTORIUM_MIN_FREE_BYTES: '0',
  }
}
