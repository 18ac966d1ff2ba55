import { setTimeout as delay } from 'node:timers/promises'
import { compileGlobs } from '../../../shared/glob/globs.ts'
import type { Hand } from '../../../shared/hands/hand.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { MemoryGauge } from '../../../shared/redis/connection/redis-memory.ts'
import { isStorageTrouble } from '../../../shared/process/causes.ts'
import { untilTaken } from '../../../shared/redis/connection/redis-trouble.ts'
import { workItems, stages } from '../../ledger/work-items.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { Trip } from '../progress/breaker.ts'
import { createBatchPlanner } from './plan-batch.ts'
import { documentIdOf } from './plan-file.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import type { RunProgress } from '../progress/run-progress.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { passedOver, walk, type Found, type WalkStep, type WalkOptions } from '../folders/walk.ts'
import { createWalkAhead } from './walk-ahead.ts'

interface Deps {
  ledger: Ledger
  queue: PageQueue
  publisher: Publisher
  /** Maximum number of documents of a run on the queue. */
  window: number
  /** Redis's memory: while it is short, jobs wait in the ledger. */
  memory: MemoryGauge
  /** Records the items in progress. */
  hands?: PlannerHands
  log: Lines
}

type PlannerHands = Pick<Hands, 'take' | 'around' | 'hasSuspects' | 'poisonOf' | 'pardon'>

const batchSize = 500
/** A file that changed this recently may still be written: it is checked again after a second. */
const recentMs = 2_000
const secondLookMs = 1_000
const memoryLookMs = 1_000

/** Walks a run's folder, compares it with the ledger, and keeps a bounded window of jobs on the queue. */
export function createPlanner(deps: Deps) {
  const { ledger, hands = freeHands } = deps
  return async (
    run: FolderRun,
    progress: RunProgress,
    signal: AbortSignal,
    onTrip: (trip: Trip) => void = () => undefined,
  ): Promise<void> => {
    const hand = hands.take()
    const options = { ...walkOptions(run), ...carefully(hands, hand, run) }
    const walkAll = (): Generator<WalkStep> => walk(inputsOf(ledger, run), options)
    const ahead = createWalkAhead({ ledger, run, progress, walkAll, recentMs, signal })
    let later: Found[] = []
    let batch: Found[] = []
    const planBatch = createBatchPlanner(
      {
        ...deps,
        signal,
        queue: patientQueue(deps, signal),
        patiently: patienceWithDisk(deps, signal),
      },
      run,
      progress,
      (found) => later.push(found),
    )
    const turns = createEventTurns(signal)
    const goOn = () => hand.next(workItems.walk(run.id))
    const flush = async (): Promise<void> => {
      hand.rest()
      // A dry run adds nothing to the queue, so no completion would ever make room.
      if (!run.request.dryRun) {
        if (progress.outstanding() >= deps.window) ahead.count()
        await progress.below(deps.window, signal)
        await roomInRedis(deps, progress, signal)
      }
      const plan = () => planBatch(batch)
      await hands.around(workItems.plan(run.id, progress.snapshot().seen), plan)
      batch = []
      await turns.take()
    }
    try {
      if (run.request.canary !== undefined) {
        const trip = await ahead.readCanaries(planBatch)
        if (trip !== undefined) onTrip(trip)
        signal.throwIfAborted()
      }
      const turn = goOn()
      if (turn !== undefined) await turn
      for (const found of walkAll()) {
        if (turns.isDue()) {
          hand.rest()
          await turns.take()
          await goOn()
        }
        if (found === passedOver) continue
        progress.seen(1)
        if (
          'stat' in found &&
          Math.abs(found.changedMsAgo) < recentMs &&
          !isKnown(ledger, run, found)
        ) {
          later.push(found)
        } else batch.push(found)
        if (batch.length < batchSize) continue
        await flush()
        await goOn()
      }
      await flush()
      while (later.length > 0) {
        await delay(secondLookMs, undefined, { signal })
        const again = later
        later = []
        for (let index = 0; index < again.length; index += batchSize) {
          batch = again
            .slice(index, index + batchSize)
            .flatMap((found) => ('stat' in found ? secondLook(options, found) : [found]))
          await flush()
        }
      }
    } finally {
      hand.done()
    }
    progress.planningDone()
  }
}

/** If we died during a walk, each entry is recorded before it is examined, and skipped after three deaths. */
function carefully(hands: PlannerHands, hand: Hand, run: FolderRun): Pick<WalkOptions, 'begin'> {
  if (!hands.hasSuspects(stages.walk) && !hands.hasSuspects(stages.file)) return {}
  let last = ''
  return {
    begin(path) {
      hands.pardon(last) // Its examination has finished.
      const item = workItems.file(documentIdOf(run, path))
      const poison = hands.poisonOf(item)
      last = poison === undefined ? item : ''
      if (poison === undefined) hand.part(item)
      return poison
    },
  }
}

/** Waits while Redis is nearly full, unless this run has no open jobs that could make room. */
async function roomInRedis(
  { memory, log }: Deps,
  progress: RunProgress,
  signal: AbortSignal,
): Promise<void> {
  while (progress.outstanding() > 0 && (await untilTaken(() => memory.isFull(), { signal }))) {
    log.warn({}, 'Redis is nearly full, planning paused')
    await delay(memoryLookMs, undefined, { signal })
  }
}

/** Retries adding jobs until Redis accepts them: they are planned, so a rejection must not end the run. */
function patientQueue({ queue, log }: Deps, signal: AbortSignal): Pick<PageQueue, 'add'> {
  const onTrouble = (err: Error): void => log.warn({ err }, 'Redis rejects jobs, planning paused')
  return { add: (jobs) => untilTaken(() => queue.add(jobs), { signal, onTrouble }) }
}

/** Retries work that a full disk rejects. */
function patienceWithDisk({ log }: Deps, signal: AbortSignal) {
  const onTrouble = (err: Error): void =>
    log.warn({ err }, 'the disk rejects writes, planning paused')
  const patience = { signal, onTrouble, isTrouble: isStorageTrouble }
  return <T>(work: () => T | Promise<T>): Promise<T> => untilTaken(async () => work(), patience)
}

function inputsOf(ledger: Ledger, { id, request }: FolderRun): string[] {
  return request.pathsInRedis ? ledger.runs.paths(id) : request.inputs
}

function walkOptions({ request }: FolderRun): WalkOptions {
  const { root, includeHidden, follow, include, exclude } = request
  const isIncluded = compileGlobs(include)
  const isExcluded = compileGlobs(exclude)
  const isWanted = (path: string): boolean =>
    (include.length === 0 || isIncluded(path)) && !isExcluded(path)
  return { root, includeHidden, follow, isWanted }
}

/** A file that was final with this very stat is not being written, however recent it is. */
function isKnown(
  ledger: Ledger,
  run: FolderRun,
  { path, stat }: { path: string; stat: string },
): boolean {
  const row = ledger.documents.get(documentIdOf(run, path))
  return row?.state === 'final' && row.stat === stat
}

/**
 * A file that has been seen once gets an end in the ledger, even where it is gone or still changes at the second check.
 */
function secondLook(options: WalkOptions, { path, stat }: { path: string; stat: string }): Found[] {
  const message = 'is still being written; the next run reads it'
  const steps = [...walk([path], options)].filter((step) => step !== passedOver)
  return steps.map((now) =>
    'problem' in now || now.stat === stat
      ? now
      : { path: now.path, problem: { code: 'unstable', message } },
  )
}
