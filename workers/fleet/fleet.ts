import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Logger } from '../../shared/logger.ts'

interface Deps {
  size: number
  /** Environment of the workers. */
  environment: NodeJS.ProcessEnv
  drainMs: number
  /** Called when workers cannot start at all: the same configuration error each time. */
  giveUp: (exitCode: number) => void
  log: Logger
}

const workerMain = join(import.meta.dirname, '..', 'ocr', 'main.ts')
/** A worker that lived this long was healthy: its next death is waited for as short as the first. */
const healthyMs = 30_000
/** By itself V8 lets young garbage grow with the machine's memory; a worker's belongs to its engine. */
const workerFlags = ['--max-semi-space-size=4']
/**
 * By itself glibc keeps an arena for each thread and, once large buffers have been freed, keeps those too: 455 MB where
 * 329 do. Page buffers that go back to the system leave room for the engine, which would else be replaced for its memory.
 */
const allocator = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: String(128 * 2 ** 10) }
const backOffMs = { first: 250, longest: 30_000 }
/** Exit code of a configuration error: starting again would not help. */
const exitConfiguration = 9

/**
 * Keeps `size` worker processes alive: the dead are replaced, each place with its own back-off.
 * Workers hold no state: what one was reading when it died goes back to the queue by itself.
 */
export function createFleet({ size, environment, drainMs, giveUp, log }: Deps) {
  const places = Array.from({ length: size }, (_, index) => index)
  const children = new Map<number, ChildProcess>()
  const timers = new Set<NodeJS.Timeout>()
  let isStopping = false

  const start = (place: number, delayMs: number): void => {
    const startedAt = performance.now()
    const child = fork(workerMain, [], {
      env: { ...allocator, ...environment },
      execArgv: workerFlags,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    children.set(place, child)
    child.once('exit', (code, signal) => {
      children.delete(place)
      if (isStopping) return
      log.warn({ place, workerPid: child.pid, code, signal }, 'a worker ended')
      if (code === exitConfiguration) return giveUp(exitConfiguration)
      const livedMs = performance.now() - startedAt
      const next = livedMs > healthyMs || code === 0 ? 0 : delayMs
      const timer = setTimeout(() => {
        timers.delete(timer)
        start(place, Math.min(backOffMs.longest, Math.max(backOffMs.first, next * 2)))
      }, next)
      timers.add(timer)
    })
  }

  return {
    run(): void {
      for (const place of places) start(place, backOffMs.first)
    },
    /** Asks every worker to finish its page, and ends those that have not by the deadline. */
    async close(): Promise<void> {
      isStopping = true
      for (const timer of timers) clearTimeout(timer)
      const living = [...children.values()]
      for (const child of living) child.kill('SIGTERM')
      const hard = setTimeout(() => {
        for (const child of living) child.kill('SIGKILL')
      }, drainMs)
      await Promise.all(living.map((child) => once(child, 'exit')))
      clearTimeout(hard)
    },
  }
}
