import { execFile } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { ProcessGauge } from './memory.ts'

const run = promisify(execFile)

/**
 * The parent's compile cache, if it has one: it saves a third of a second per start. The folder in it belongs to this
 * version.
 */
const compileCache = getCompileCacheDir()

/** The whole environment of a confined process: no address, no token. */
export const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TMPDIR: tmpdir(),
  ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compileCache) }),
}

/** util-linux's `setpriv`: the kernel kills the child with its parent, even a child that is busy. */
const endsWithParent = ['setpriv', '--pdeathsig', 'KILL']

/** Whether this machine has a program that starts another one, as `setpriv` does: by a trial run. */
export const canWrap = (words: readonly string[], env?: NodeJS.ProcessEnv): Promise<boolean> => {
  const [command = '', ...rest] = words
  return run(command, [...rest, 'true'], { env }).then(
    () => true,
    () => false,
  )
}

/**
 * Arguments that precede a child's command, so that it ends with its parent; none where this machine lacks the program.
 * The child's environment decides where the program is searched for; by default it is that of this process.
 */
export const findWrapper = async (env?: NodeJS.ProcessEnv): Promise<readonly string[]> =>
  (await canWrap(endsWithParent, env)) ? endsWithParent : []

/** The watch kills a process that grows beyond the limit; the kernel refuses memory a little above it. */
const slackBytes = 64 * 2 ** 20

/**
 * Makes the kernel refuse memory beyond `maxBytes` plus some slack, even while the parent is too busy to watch, through
 * util-linux's `prlimit`. V8 and the thread stacks reserve half a gigabyte that is never touched, more or less by
 * machine and version, so the limit is relative to the present size. A crash leaves no core file: page content must not
 * reach the disk. Without the program, only the watch is left.
 */
export async function limitMemory(
  pid: number,
  maxBytes: number,
  gauge: ProcessGauge,
): Promise<void> {
  const mayGrow = Math.max(0, maxBytes - gauge.look())
  const data = gauge.dataBytes() + mayGrow + slackBytes
  if (gauge.dataBytes() === 0) return
  const words = [`--pid=${pid}`, '--core=0', `--data=${data}`]
  await run('prlimit', words, { env: environment }).catch(() => undefined)
}
