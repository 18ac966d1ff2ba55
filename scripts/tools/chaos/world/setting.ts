import { join } from 'node:path'
import { markVariable } from '../../common/processes.ts'

/** Folder of a campaign, and the settings of its processes. */
export interface ChaosSetting {
  /** Holds all files of the campaign; its name in their command lines identifies the campaign's processes. */
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

/** The environment of every process of a campaign: no variable of Scriptorium from outside. */
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
