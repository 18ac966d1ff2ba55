import { setTimeout as delay } from 'node:timers/promises'
import type { AggregatorConfig } from '../../shared/config.ts'
import { createCommandReader } from '../../shared/commands.ts'
import { createEngineIdentities } from '../../shared/engine-identity.ts'
import { toError } from '../../shared/errors.ts'
import { createKeys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Command } from '../../shared/messages.ts'
import { createPageQueue } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import { createResultReader } from '../../shared/results.ts'
import { startRun, type ActiveRun } from './active-run.ts'
import { createCollector } from './collector.ts'
import { toEnding } from './document-event.ts'
import { startAggregatorHeartbeat } from './heartbeat.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { createPlanner } from './planner.ts'
import { createPublisher } from './publisher.ts'
import { createReconciler } from './reconciler.ts'
import { createRunStarter } from './run-starter.ts'

interface Deps {
  config: AggregatorConfig
  ledger: Ledger
  /** Three connections: two of them block while they read. */
  redis: { main: Redis; results: Redis; commands: Redis }
  log: Logger
}

const commandBlockMs = 5_000
const commandPauseMs = 1_000

/** Remembers: the only writer of the ledger and of the output files. */
export function createAggregator({ config, ledger, redis, log }: Deps) {
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const queue = createPageQueue(redis.main, keys)
  const reader = createResultReader(redis.results, keys, 'aggregator')
  const commands = createCommandReader(redis.commands, keys)
  const publisher = createPublisher(ledger, log)
  const plan = createPlanner({ ledger, queue, publisher, window: config.SCRIPTORIUM_WINDOW })
  const active = new Map<string, ActiveRun>()

  const onPages = (pagesRead: ReadonlyMap<string, number>): void => {
    for (const [runId, pages] of pagesRead) active.get(runId)?.progress.pagesRead(pages)
  }
  const onFinal = (ids: readonly string[]): void => {
    for (const id of ids) {
      const row = ledger.documents.get(id)
      const owner = row && active.get(row.run_id)
      if (row?.state !== 'final' || owner === undefined) continue
      owner.progress.ended(toEnding(row, ledger.pages.summary(id)))
    }
    for (const run of active.values()) run.endIfDone()
  }
  const collector = createCollector({ ledger, reader, queue, publisher, onPages, onFinal, log })
  const reconcile = createReconciler({
    ledger,
    queue,
    record: (reports) => collector.absorbReports(reports),
    log,
  })

  const go = (run: Run): void => {
    const onEnd = (runId: string): void => void active.delete(runId)
    active.set(
      run.id,
      startRun({ ledger, redis: redis.main, keys, publisher, plan, onEnd, log }, run),
    )
  }
  const starter = createRunStarter({
    ledger,
    redis: redis.main,
    keys,
    identities: createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX),
    /** The run that has written this folder so far: a new one takes its place. */
    async supersede(out) {
      for (const other of active.values()) {
        if (other.run.request.out === out) await interrupt(other)
      }
    },
    go,
  })

  const interrupt = async (run: ActiveRun): Promise<void> => {
    await run.interrupt()
    await queue.remove(ledger.documents.inState(run.run.id, 'planned').map((row) => row.job_id))
  }

  const handle = async (command: Command): Promise<void> => {
    switch (command.kind) {
      case 'start':
        return starter(command.request)
      case 'interrupt': {
        const run = active.get(command.runId)
        if (run !== undefined) await interrupt(run)
      }
    }
  }

  const takeCommands = async (blockMs: number): Promise<void> => {
    for (const { id, command } of await commands.next(blockMs)) {
      if (command instanceof Error) log.error({ err: command }, 'a command is not understood')
      else await handle(command)
      await commands.forget(id)
    }
  }

  const serve = async (stopping: AbortSignal): Promise<void> => {
    while (!stopping.aborted) {
      await takeCommands(commandBlockMs).catch(async (thrown: unknown) => {
        if (stopping.aborted) return
        log.error({ err: toError(thrown) }, 'taking commands failed, trying again')
        await delay(commandPauseMs)
      })
    }
  }

  return {
    /** Goes on with the runs that a restart interrupted, and serves until `stopping`. */
    async run(stopping: AbortSignal): Promise<void> {
      const stopHeartbeat = startAggregatorHeartbeat(redis.main, keys)
      await collector.recover()
      // Commands first: a new run for the same folder takes the place of the one that was interrupted.
      await takeCommands(1)
      const serving = serve(stopping)
      for (const run of ledger.runs.active()) if (!active.has(run.id)) go(run)
      const timer = setInterval(() => {
        reconcile([...active.values()].map(({ run }) => run)).catch((thrown: unknown) =>
          log.warn({ err: toError(thrown) }, 'reconciling failed, trying again'),
        )
        for (const run of active.values()) run.endIfDone()
      }, config.SCRIPTORIUM_RECONCILE_MS)
      stopping.addEventListener('abort', () => {
        clearInterval(timer)
        redis.commands.disconnect() // Ends the blocking read.
      })
      await collector.run(stopping)
      await serving
      await stopHeartbeat()
    },
    async close(): Promise<void> {
      for (const run of active.values()) await run.stop()
      await queue.close()
    },
  }
}
