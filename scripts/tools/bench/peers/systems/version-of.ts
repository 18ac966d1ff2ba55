import { spawnSync } from 'node:child_process'

/** A program's version output, from both streams; undefined where it is absent or fails. */
export function versionOf(
  program: string,
  arguments_: readonly string[],
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, arguments_, {
    env: environment,
    encoding: 'utf8',
    timeout: 60_000,
  })
  return status === 0 ? `${stdout}${stderr}` : undefined
}
