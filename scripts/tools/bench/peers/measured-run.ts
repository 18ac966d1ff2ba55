import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCode } from '../../../../shared/process/errors.ts'
import { endStrays } from '../run/run-parts.ts'
import type { Bench } from '../run/setting.ts'
import { corePrefix } from './cores.ts'
import type { PeerCommand } from './systems/system.ts'
import { watchUsage } from './usage.ts'

/** Resources that a command used, including all processes that it started. */
export interface MeasuredRun {
  /** Its exit code, the signal that ended it, or a timeout. */
  ending: number | NodeJS.Signals | 'time is up'
  /** Wall clock, from its start to its exit. */
  seconds: number
  /** User and system time. */
  cpuSeconds: number
  /** See Usage. */
  peakBytes: number
  /** The end of its stderr. */
  said: string
}

/** The shell's `times` counts every awaited process below it, to the end of each. */
const timed = '"$@"; code=$?; times > "$0"; exit $code'
const maxSaid = 100_000
/** A leftover process may keep stderr open. */
const closeMs = 1_000

/** The limits of a command. */
interface Bounds {
  cores: number
  /** Timeout: a command that hangs must not cost the results of the others. */
  timeoutMs: number
}

/** Runs a command within its limits, and kills all of its processes. Throws where the bench is interrupted. */
export async function runMeasured(
  bench: Bench,
  command: PeerCommand,
  { cores, timeoutMs }: Bounds,
): Promise<MeasuredRun> {
  const timesFile = join(bench.workspace, 'times')
  rmSync(timesFile, { force: true })
  const began = performance.now()
  const { child, said } = launch(bench, command, [timesFile, ...corePrefix(cores)])
  const closed = once(child, 'close')
  const stop = (): void => signalGroup(child.pid, 'SIGTERM')
  const timeUp = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([timeUp, bench.stopping])
  either.addEventListener('abort', stop)
  try {
    const { value: seconds, usage } = await watchUsage(bench.workspace, async () => {
      await once(child, 'exit')
      return (performance.now() - began) / 1_000
    })
    bench.stopping.throwIfAborted()
    await Promise.race([closed, delay(closeMs)]) // Its last output may still be on its way.
    const { peakBytes, seenCpuSeconds } = usage
    const ending = timeUp.aborted ? 'time is up' : (child.exitCode ?? child.signalCode ?? 'SIGKILL')
    // Processes without a waiting parent are only in the measurements, those that ended between two measurements only
    // in `times`.
    const cpuSeconds = Math.max(seenCpuSeconds, readTimes(timesFile))
    return { ending, seconds, cpuSeconds, peakBytes, said: said() }
  } finally {
    either.removeEventListener('abort', stop)
    await endStrays(bench.workspace, bench.say)
    child.stderr?.destroy()
  }
}

/** Starts the shell that times the command; `first` are its `$0` and the prefix of the program. */
function launch(
  { repository, environment }: Bench,
  { program, arguments: rest, environment: more, input }: PeerCommand,
  first: readonly string[],
) {
  const file = input === undefined ? undefined : openSync(input, 'r')
  const child = spawn('sh', ['-c', timed, ...first, program, ...rest], {
    cwd: repository,
    env: { ...environment, ...more },
    stdio: [file ?? 'ignore', 'ignore', 'pipe'],
    detached: true, // A group of its own, so that all of it can be stopped.
  })
  if (file !== undefined) closeSync(file)
  let said = ''
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-maxSaid)))
  return { child, said: () => said }
}

/** A killed shell has written none. */
const readTimes = (file: string): number =>
  existsSync(file) ? parseTimes(readFileSync(file, 'utf8')) : 0

/** Seconds of the children in a shell's `times`: `0m0.01s 0m0.00s` of itself, and a line of those. */
export function parseTimes(text: string): number {
  const line = text.trim().split('\n')[1] ?? ''
  const times = [...line.matchAll(/(\d+)m([\d.]+)s/g)]
  if (times.length !== 2) throw new Error(`these are no times of a shell: ${JSON.stringify(text)}`)
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  )
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (thrown) {
    if (systemCode(thrown) !== 'ESRCH') throw thrown // It had ended.
  }
}
