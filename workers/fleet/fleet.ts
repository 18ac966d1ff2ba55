import { fork, type ChildProcess } from 'node:child_process'
import { exitCodes } from '../../shared/process/errors.ts'
import type { Logger } from '../../shared/process/logger.ts'
import { supervise, type Supervised } from '../../shared/process/supervisor.ts'
import { programFile } from '../../shared/files/package-root.ts'

interface Deps {
  size: number
  /** Environment of the workers. */
  environment: NodeJS.ProcessEnv
  drainMs: number
  /** Called when no worker can start because each fails with the same configuration error. */
  giveUp: (exitCode: number) => void
  /** Called with the process id of each worker that died. */
  onDeath?: (pid: number) => void
  /** Called with each worker process that starts. */
  onLaunch?: (worker: ChildProcess) => void
  log: Logger
}

const workerMain = programFile('workers/ocr/main')
/** V8's default lets the young generation grow with the machine's memory; a worker's memory belongs to its engine. */
const workerFlags = ['--max-semi-space-size=4']
/**
 * By default glibc keeps one arena per thread and, once large buffers have been freed, keeps those too: 455 MB instead
 * of 329 MB. Returning page buffers to the system leaves room for the engine, which would otherwise be replaced to free
 * memory.
 */
const allocator = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: String(128 * 2 ** 10) }

/**
 * Keeps `size` worker processes alive and replaces the dead; each slot has its own back-off. Workers hold no state: the
 * pages that a dead worker was reading return to the queue.
 */
export function createFleet({ size, environment, drainMs, giveUp, onLaunch, onDeath, log }: Deps) {
  const launch = (): ChildProcess => {
    const worker = fork(workerMain, [], {
      env: { ...allocator, ...environment },
      execArgv: workerFlags,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    onLaunch?.(worker)
    return worker
  }
  let workers: Supervised[] = []
  return {
    run(): void {
      workers = Array.from({ length: size }, (_, place) =>
        supervise({
          launch,
          onMisconfigured: () => giveUp(exitCodes.configuration),
          onDeath({ pid, code, signal, error, restartMs }) {
            log.warn(
              { place, workerPid: pid, code, signal, err: error, restartMs },
              'worker exited',
            )
            if (pid !== undefined) onDeath?.(pid)
          },
        }),
      )
    },
    /** Asks every worker to finish its page and kills those that still run at the deadline. */
    async close(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.stop(drainMs)))
    },
  }
}
