import { spawnSync } from 'node:child_process'
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './processes.ts'

const nobody = 65_534

/**
 * Runs one of our scripts as a user without files; if we are not root, as ourselves, because permissions apply to us as
 * well.
 */
export function runAsOther(
  script: string,
  arguments_: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
) {
  const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}
  const words = [join(repository, script), ...arguments_]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    env: environment,
    encoding: 'utf8',
    ...user,
  })
  return { code: status, stdout, stderr }
}

/** Does `work` while a file or folder has other permissions. */
export function withMode<T>(path: string, mode: number, work: () => T): T {
  const before = statSync(path).mode
  chmodSync(path, mode)
  try {
    return work()
  } finally {
    chmodSync(path, before)
  }
}
