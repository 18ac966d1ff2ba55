import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { exitCodes, toError } from './errors.ts'

/** The end of a supervised process. */
export interface Death {
  pid?: number | undefined
  code: number | null
  signal: NodeJS.Signals | null
  /** Why it could not be started. */
  error?: Error
  /** The next process starts after this delay, milliseconds. */
  restartMs: number
}

interface Options {
  /** Starts the process. */
  launch: () => ChildProcess
  /** Called after a configuration error: another start would fail in the same way. */
  onMisconfigured?: () => void
  /**
   * Whether it died over work that it will set aside after a few deaths: the supervisor does not give up because of
   * that.
   */
  hasInHand?: () => boolean
  /** Called after every other unexpected end. */
  onDeath?: (death: Death) => void
  /** Asks it to finish, and kills it at the deadline; with signals by default. */
  ask?: (child: ChildProcess) => void
  force?: (child: ChildProcess) => void
}

/** A process that lived this long was able to start. */
const healthyMs = 5_000
const firstRestartMs = 250
/** A kill does not show that it cannot start; exiting by itself each time does. */
const maxRestartMs = { killed: 2_000, failed: 15_000 }
/** A process that had started before may temporarily be refused a resource: memory for its engine, for example. */
const refusalsOnceHealthy = 3
/** A shell exits with this plus the number of the signal that killed its command. */
const shellKilled = 128

/**
 * Keeps a process alive: restarts it whenever it ends, with a growing delay while it ends at once, and gives up only on
 * a configuration error that no document caused. All processes that we start are supervised here: roles, workers, the
 * private Redis. A confined process is not: the next call starts it, and a call that fails is the file's failure.
 */
export function supervise(options: Options) {
  const { launch, onMisconfigured, onDeath, hasInHand = () => false } = options
  const { ask = (child) => child.kill('SIGTERM'), force = (child) => child.kill('SIGKILL') } =
    options
  let isStopping = false
  let restartMs = firstRestartMs
  let refusals = 0
  let refusalsToEnd = 1
  let timer: NodeJS.Timeout | undefined
  let child: ChildProcess | undefined

  const start = (): void => {
    const startedAt = performance.now()
    try {
      const started = launch()
      child = started
      started.once('exit', (code, signal) =>
        died({ pid: started.pid, code, signal }, performance.now() - startedAt),
      )
      // A process that could not be created emits no 'exit'.
      started.on('error', (error) => {
        if (started.pid === undefined) died({ code: null, signal: null, error }, 0)
      })
    } catch (thrown) {
      died({ code: null, signal: null, error: toError(thrown) }, 0)
    }
  }

  const died = (death: Omit<Death, 'restartMs'>, livedMs: number): void => {
    child = undefined
    if (isStopping) return
    const { code, signal } = death
    refusals = code === exitCodes.configuration && !hasInHand() ? refusals + 1 : 0
    if (onMisconfigured !== undefined && refusals === refusalsToEnd) return onMisconfigured()
    if (livedMs >= healthyMs) {
      refusalsToEnd = refusalsOnceHealthy
      restartMs = firstRestartMs
    }
    const isKilled = signal !== null || (code ?? 0) > shellKilled
    const waitMs = Math.min(restartMs, isKilled ? maxRestartMs.killed : maxRestartMs.failed)
    restartMs = waitMs * 2
    timer = setTimeout(start, waitMs)
    onDeath?.({ ...death, restartMs: waitMs })
  }

  /** Prevents a restart after the process ends. */
  const retire = (): void => {
    isStopping = true
    clearTimeout(timer)
  }

  start()
  return {
    retire,
    /** Asks it to finish, kills it at the deadline, and starts no other. */
    async stop(deadlineMs: number): Promise<void> {
      retire()
      const last = child
      if (last?.pid === undefined) return
      const gone = once(last, 'exit')
      ask(last)
      const hard = setTimeout(() => force(last), deadlineMs)
      await gone
      clearTimeout(hard)
    },
  }
}

export type Supervised = ReturnType<typeof supervise>
