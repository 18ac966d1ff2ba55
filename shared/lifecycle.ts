import { exitCodes, toError } from './errors.ts'
import type { Logger } from './logger.ts'

/** Exit code of a process whose work did not end by its deadline; its jobs are read again elsewhere. */
const exitUndrained = 75
/** npm forwards the Ctrl-C that the terminal has already delivered: what comes this soon is the same key press. */
const sameSignalMs = 300
/** A child whose parent died has nobody to report to: it gets this long, milliseconds. */
const orphanMs = 2_000

type Release = () => unknown

/** A process's way from start to exit: what was opened last is closed first, by one deadline. */
export interface Lifecycle {
  /** Registers a clean-up; each runs even when another one fails. */
  defer(name: string, release: Release): void
  /** Aborted when the process is to stop: loops watch it. */
  readonly stopping: AbortSignal
  /** Stops and exits with `code`. */
  stop(reason: string, code?: number): void
}

/**
 * Wires signals and a lost parent to one orderly stop.
 */
export function createLifecycle(host: NodeJS.Process, log: Logger, drainMs: number): Lifecycle {
  const releases: [name: string, release: Release][] = []
  const stopping = new AbortController()
  const exitAfter = (deadlineMs: number): void => {
    setTimeout(() => {
      log.error('the work did not end by the deadline')
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
      exitAfter(orphanMs) // Also where it was draining already: the parent that waited for it is gone.
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
 * Calls `first` at the first SIGTERM or SIGINT, and exits at the second. A child (one with an IPC channel) ignores
 * SIGINT: the terminal sends Ctrl-C to the whole process group, and its parent decides what that means.
 */
export function onSignals(host: NodeJS.Process, first: (signal: string) => void): void {
  let signalledAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT' && host.send !== undefined) return
    const now = performance.now()
    if (signalledAt === undefined) {
      signalledAt = now
      first(signal)
    } else if (now - signalledAt > sameSignalMs) host.exit(exitCodes.interrupted)
  }
  host.on('SIGTERM', onSignal)
  host.on('SIGINT', onSignal)
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
