import { rmSync } from 'node:fs'
import { createCollector } from '../../../services/aggregator/results/collector.ts'
import { createDocumentCommands } from '../../../services/aggregator/commands/document-commands.ts'
import { toEnding } from '../../../services/aggregator/events/document-event.ts'
import { openAggregatorHands } from '../../../services/aggregator/in-hand.ts'
import { openLedger } from '../../../services/ledger/ledger.ts'
import type { FolderRun } from '../../../services/ledger/runs.ts'
import type { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import { createBatchPlanner } from '../../../services/aggregator/planning/plan-batch.ts'
import { createPublisher } from '../../../services/outputs/publish/publisher.ts'
import { createReconciler } from '../../../services/aggregator/upkeep/reconciler.ts'
import { createRecorder } from '../../../services/aggregator/results/recorder.ts'
import { createRunProgress } from '../../../services/aggregator/progress/run-progress.ts'
import { createSweeper } from '../../../services/aggregator/upkeep/sweeper.ts'
import { passedOver, walk, type Found } from '../../../services/aggregator/folders/walk.ts'
import { toError } from '../../../shared/process/errors.ts'
import { createJobMarks } from '../../../shared/redis/job-marks.ts'
import { createLogger } from '../../../shared/process/logger.ts'
import { type PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createResultReader } from '../../../shared/redis/result-stream.ts'
import { ticketFile } from '../../../shared/files/spool.ts'
import { type Ending } from '../folder.ts'
import { freeLease } from '../processes/lease.ts'
import { silent } from '../processes/private-redis.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Spool } from '../../../shared/files/spool.ts'

interface Deps {
  ending: Ending
  /** The folder of its ledger. */
  data: string
  spool: Spool
  redis: Redis
  keys: Keys
  queue: PageQueue
  openOutput: typeof createOutputFiles
}

const ignore = (): void => undefined
/** Ends work that would be retried for ever: a killed process that is not at a gate finds a closed ledger. */
const impatient = createLogger('test', 'silent')
impatient.error = ({ err }: { err?: unknown }) => {
  throw toError(err)
}

/** Starts the parts of an aggregator that change the state of a document, as a new process does. */
export function bootAggregator({ ending, data, spool, redis, keys, queue, openOutput }: Deps) {
  const lease = freeLease(redis)
  const marks = createJobMarks(redis, keys)
  const ledger = openLedger(data)
  const { hands, close } = openAggregatorHands(data, ledger, silent)
  ending.after(close)
  const publisher = createPublisher(ledger, ignore, silent, { openOutput, hands })
  let current: ReturnType<typeof go> | undefined
  const onFinal = (ids: readonly string[]): void => {
    for (const id of ids) {
      const row = ledger.documents.get(id)
      if (row !== undefined && row.runId === current?.run.id)
        current.progress.ended(toEnding(row, ledger.pages.summary(id)))
    }
  }
  const collector = createCollector({
    ledger,
    reader: createResultReader(redis, keys, 'a', lease),
    queue,
    publisher,
    record: createRecorder(ledger, ignore),
    onAccepted: (accepted) => {
      for (const { request } of accepted) rmSync(ticketFile(spool, request.runId), { force: true })
    },
    onPages: ignore,
    onFinal,
    hands,
    log: impatient,
  })
  const { absorb } = collector
  const commands = createDocumentCommands({
    ledger,
    redis,
    keys,
    queue,
    spool,
    absorb,
    log: silent,
  })
  const sweeper = createSweeper({
    ledger,
    spool,
    commands,
    absorb,
    hands,
    retentionMs: 0,
    log: silent,
  })
  const reconcile = createReconciler({ ledger, queue, marks, absorb, log: silent })
  const go = (run: FolderRun) => {
    const progress = createRunProgress(lease, keys, run, {
      open: ledger.documents.countOpen(run.id),
      final: ledger.documents.countFinal(run.id),
      pagesRead: 0,
      unavailable: 0,
    })
    progress.stop()
    const later: Found[] = []
    const found = walk(run.request.inputs, { ...run.request, isWanted: () => true })
    const plan = createBatchPlanner({ ledger, queue, publisher }, run, progress, (file) =>
      later.push(file),
    )
    /** Plans two more files; returns false without further ones. */
    const planMore = async (): Promise<boolean> => {
      const batch = [found.next(), found.next()].flatMap(({ value, done }) =>
        done || value === passedOver ? [] : [value],
      )
      if (batch.length === 0) batch.push(...later.splice(0))
      if (batch.length > 0) await plan(batch)
      return batch.length > 0
    }
    return { run, progress, planMore }
  }
  return {
    ledger,
    publisher,
    absorb,
    commands,
    sweeper,
    reconcile,
    current: () => current,
    resume: (run: FolderRun): void => void (current = go(run)),
    onFinal,
  }
}
