import { readFileSync } from 'node:fs'
import { exitCodes, toError } from './errors.ts'
import type { Logger } from './logger.ts'

/** Exit code of a process whose work did not finish before the deadline; its jobs are read again elsewhere. */
const exitUndrained = 75
/** Two signals within this time, milliseconds, are one request: a supervisor may signal a process and its group. */
const sameSignalMs = 1_000
/** An orphaned child has no parent to report to: it gets this long, milliseconds. */
const orphanMs = 2_000

type Release = () => unknown

/** A process from start to exit: resources close in reverse order of opening, by one deadline. */
interface Lifecycle {
  /** Registers a clean-up; each runs even when another fails. */
  defer(name: string, release: Release): void
  /** Aborted when the process must stop: loops watch it. */
  readonly stopping: AbortSignal
  /** Stops and exits with `code`. */
  stop(reason: string, code?: number): void
}

/**
 * Turns signals and a lost parent into one orderly stop. Own code: `close-with-grace` runs one handler, knows no parent,
 * and takes npm's copy of a signal for a second one, which ends the process at once.
 */
export function createLifecycle(host: NodeJS.Process, log: Logger, drainMs: number): Lifecycle {
  const releases: [name: string, release: Release][] = []
  const stopping = new AbortController()
  const exitAfter = (deadlineMs: number): void => {
    setTimeout(() => {
      log.error('work did not finish before the deadline')
      host.exit(exitUndrained)
    }, deadlineMs).unref()
  }
  const stop = (reason: string, code = 0): void => {
    if (stopping.signal.aborted) return
    log.info({ reason, deadlineMs: drainMs }, 'stopping')
    stopping.abort()
    exitAfter(drainMs)
    void unwind(releases, log).then((failed) => host.exit(failed ? 1 : code))
  }

  onSignals(host, stop)
  if (host.send !== undefined) {
    host.on('disconnect', () => {
      exitAfter(orphanMs) // Also during a drain: the parent that waited for it is gone.
      stop('the parent is gone')
    })
  }
  return {
    defer: (name, release) => releases.push([name, release]),
    stopping: stopping.signal,
    stop,
  }
}

/**
 * Calls `first` at the first SIGTERM, SIGINT or SIGHUP (the terminal was closed), and exits at the second. npm also
 * forwards each signal that its process group received, on a busy machine seconds later: below npm one more signal is
 * ignored. A child (a process with an IPC channel) obeys SIGTERM only, and once: a signal to the whole process group
 * reaches its parent, too; the parent decides how to react, and ends the child where necessary.
 */
export function onSignals(host: NodeJS.Process, first: (signal: string) => void): void {
  let signalledAt: number | undefined
  const isChild = host.send !== undefined
  let forwarded = isStartedByNpm(host) ? 1 : 0
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isChild && signal !== 'SIGTERM') return
    const now = performance.now()
    if (signalledAt === undefined) {
      signalledAt = now
      first(signal)
      return
    }
    if (forwarded > 0) forwarded -= 1
    else if (!isChild && now - signalledAt > sameSignalMs) host.exit(exitCodes.interrupted)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) host.on(signal, onSignal)
}

/** Whether npm is the parent. Its scripts replace their shell by `exec`, so no process is in between. */
function isStartedByNpm({ env, ppid }: NodeJS.Process): boolean {
  if (env['npm_lifecycle_event'] === undefined) return false
  try {
    return readFileSync(`/proc/${ppid}/cmdline`, 'utf8').startsWith('npm')
  } catch {
    return true // Without /proc the environment must suffice.
  }
}

async function unwind(releases: [string, Release][], log: Logger): Promise<boolean> {
  let hasFailed = false
  for (const [name, release] of releases.toReversed()) {
    try {
      await release()
    } catch (thrown) {
      hasFailed = true
      log.error({ err: toError(thrown), name }, 'closing failed')
    }
  }
  return hasFailed
}
