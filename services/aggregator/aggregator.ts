import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { listOf, retentionMs, type AggregatorConfig } from '../../shared/config.ts'
import { createCommandReader } from '../../shared/commands.ts'
import { createEngineIdentities } from '../../shared/engine-identity.ts'
import { toError } from '../../shared/errors.ts'
import { createKeys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Acceptance } from '../../shared/messages.ts'
import { createOutbound } from '../../shared/outbound.ts'
import { createPageQueue } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import { createResultReader } from '../../shared/results.ts'
import type { Spool } from '../../shared/spool.ts'
import { startRun, type ActiveRun } from './active-run.ts'
import { createAnnouncer } from './announcer.ts'
import { createCollector } from './collector.ts'
import { createCommandHandler } from './command-handler.ts'
import { createDocumentCommands } from './document-commands.ts'
import { toEnding } from './document-event.ts'
import { startAggregatorHeartbeat } from './heartbeat.ts'
import type { DocumentRow } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { createPace } from './pace.ts'
import { createPdfPasswords } from './pdf-password.ts'
import { createPlanner } from './planner.ts'
import { createPublisher } from './publisher.ts'
import { createReconciler } from './reconciler.ts'
import { createRecorder, type PageRead } from './recorder.ts'
import { createRunStarter } from './run-starter.ts'
import { createSweeper } from './sweeper.ts'
import { createUploadWatch } from './upload-watch.ts'
import { createDeliverer } from './webhooks/deliverer.ts'
import { createOutbox } from './webhooks/outbox.ts'

interface Deps {
  config: AggregatorConfig
  ledger: Ledger
  spool: Spool
  /** Three connections: two of them block while they read. */
  redis: { main: Redis; results: Redis; commands: Redis }
  log: Logger
}

const commandBlockMs = 5_000
const commandPauseMs = 1_000
const indexedAtATime = 50

/** Remembers: the only writer of the ledger and of the output files. */
export function createAggregator({ config, ledger, spool, redis, log }: Deps) {
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const queue = createPageQueue(redis.main, keys)
  const reader = createResultReader(redis.results, keys, 'aggregator')
  const commands = createCommandReader(redis.commands, keys)
  const outbox = createOutbox({ webhooks: ledger.webhooks })
  const announcer = createAnnouncer({
    ledger,
    enqueue(...delivery) {
      outbox.enqueue(...delivery)
      setImmediate(() => deliverer.wake()) // When the transaction that this is part of has ended.
    },
  })
  const pdfPasswordOf = createPdfPasswords(redis.main, keys)
  const publisher = createPublisher(ledger, announcer.documentFinal, log, pdfPasswordOf)
  const plan = createPlanner({ ledger, queue, publisher, window: config.SCRIPTORIUM_WINDOW })
  const uploads = createUploadWatch({ ledger, redis: redis.main, keys, announcer, log })
  const pace = createPace()
  const active = new Map<string, ActiveRun>()

  const onNotEnded = (thrown: unknown): void =>
    log.warn({ err: toError(thrown) }, 'an upload cannot be ended, the next pass tries again')
  const onPages = (read: readonly PageRead[]): void => {
    pace.add(read.length)
    for (const { runId } of read) active.get(runId)?.progress.pagesRead(1)
    uploads.pagesRead(read.filter(({ runId }) => !active.has(runId))).catch(onNotEnded)
  }
  const onAccepted = (accepted: readonly Acceptance[]): void => {
    for (const { request } of accepted) sweeper.forgetTicket(request.runId)
    uploads.accepted(accepted.map(({ request }) => request.runId))
  }
  const onFinal = (ids: readonly string[]): void => {
    const others: DocumentRow[] = []
    for (const id of ids) {
      const row = ledger.documents.get(id)
      if (row?.state !== 'final') continue
      const owner = active.get(row.run_id)
      if (owner === undefined) others.push(row)
      else owner.progress.ended(toEnding(row, ledger.pages.summary(id)))
    }
    if (others.length > 0) uploads.ended(others).catch(onNotEnded)
    for (const run of active.values()) run.endIfDone()
  }
  const collector = createCollector({
    ledger,
    reader,
    queue,
    publisher,
    record: createRecorder(ledger, announcer.documentFinal),
    onAccepted,
    onPages,
    onFinal,
    log,
  })
  const { absorb } = collector
  const documentCommands = createDocumentCommands({
    ledger,
    redis: redis.main,
    keys,
    queue,
    spool,
    absorb,
    log,
  })
  const sweeper = createSweeper({
    ledger,
    spool,
    commands: documentCommands,
    absorb,
    retentionMs: retentionMs(config.SCRIPTORIUM_RETENTION),
    log,
  })
  const outbound = createOutbound({ allow: listOf(config.SCRIPTORIUM_OUTBOUND_ALLOW) })
  const deliverer = createDeliverer({ webhooks: ledger.webhooks, outbound, log })
  const reconcile = createReconciler({ ledger, queue, absorb, log })

  const go = (run: Run): void => {
    const onEnd = (runId: string): void => void active.delete(runId)
    active.set(
      run.id,
      startRun({ ledger, redis: redis.main, keys, publisher, announcer, plan, onEnd, log }, run),
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
    await queue.remove(ledger.documents.jobsIn(run.run.id, 'planned'))
  }

  const handle = createCommandHandler({
    ledger,
    active,
    starter,
    interrupt,
    go,
    documents: documentCommands,
    wake: deliverer.wake,
  })

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

  /** What was read before search was switched on, a little at a time. */
  const indexMissing = async (stopping: AbortSignal): Promise<void> => {
    try {
      while (
        !stopping.aborted &&
        ledger.transaction(() => ledger.pages.indexMissing(indexedAtATime))
      )
        await turn()
    } catch (thrown) {
      log.warn(
        { err: toError(thrown) },
        'older pages cannot be indexed; the next start tries again',
      )
    }
  }

  const describe = () => ({
    isLedgerWritable: ledger.isWritable(),
    pagesPerMinute: pace.perMinute(),
  })

  return {
    /** Goes on with the runs that a restart interrupted, and serves until `stopping`. */
    async run(stopping: AbortSignal): Promise<void> {
      const { SCRIPTORIUM_BEAT_FILE: beatFile } = config
      const stopHeartbeat = startAggregatorHeartbeat(redis.main, keys, describe, beatFile)
      await collector.recover()
      await sweeper.takeUp()
      void indexMissing(stopping)
      uploads.recover()
      // Commands first: a new run for the same folder takes the place of the one that was interrupted.
      await takeCommands(1)
      const serving = serve(stopping)
      for (const run of ledger.runs.active()) if (!active.has(run.id)) go(run)
      const delivering = deliverer.run(stopping)
      const tidy = async (): Promise<void> => {
        await reconcile([...active.values()].map(({ run }) => run))
        await sweeper.sweep()
        uploads.recover()
      }
      const timer = setInterval(() => {
        tidy().catch((thrown: unknown) =>
          log.warn({ err: toError(thrown) }, 'reconciling failed, trying again'),
        )
        for (const run of active.values()) run.endIfDone()
      }, config.SCRIPTORIUM_RECONCILE_MS)
      const endWaiting = (): void => {
        clearInterval(timer)
        redis.commands.disconnect() // Ends the blocking read.
      }
      stopping.addEventListener('abort', endWaiting)
      if (stopping.aborted) endWaiting() // It came while we recovered.
      await collector.run(stopping)
      await serving
      await delivering
      await stopHeartbeat()
    },
    async close(): Promise<void> {
      await outbound.close()
      for (const run of active.values()) await run.stop()
      await queue.close()
    },
  }
}
