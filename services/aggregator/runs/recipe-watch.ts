import {
  publishBlocked,
  publishWanted,
  readAbilities,
  readersOf,
  type Abilities,
} from '../../../shared/redis/abilities.ts'
import type { DocumentError } from '../../../shared/contract/result/error.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { toError } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import {
  describeEngine,
  fingerprintOf,
  recipeIdOf,
  type Recipe,
} from '../../../shared/contract/recipe.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { ActiveRun } from './active-run.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun, Run } from '../../ledger/runs.ts'
import { createRecipeRuns } from './recipe-runs.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  queue: PageQueue
  identities: EngineIdentities
  active: ReadonlyMap<string, ActiveRun>
  /** Continues a run that was planned again. */
  replace: (run: FolderRun) => void
  log: Logger
}

const sweepMs = 60_000
/** A fleet needs this long to start; a shorter absence is not reported. */
const noWorkerMs = 20_000

const noWorker: DocumentError = {
  code: 'no_worker',
  message:
    'no worker is running; start the service `worker` of Docker Compose, or run npx scriptorium workers',
}

/** This aggregator's present plan for a recipe, and its engine: no fingerprint where it lacks a language. */
interface Own {
  fingerprint?: string
  wanted: string
}

/**
 * Ensures that the recipes of open runs can be read. A recipe that no living worker can read is planned again where
 * this aggregator would now plan it differently (after an upgrade). Otherwise its runs are blocked: their jobs are
 * removed from the queue, where they would delay others, until a worker can read them.
 */
export function createRecipeWatch(deps: Deps) {
  const { ledger, redis, keys, queue, identities, active, log } = deps
  const { planAnew, takeOffQueue } = createRecipeRuns({ ...deps, onDue: () => (isDue = true) })
  let blocked = new Map<string, DocumentError>()
  let aliveAt = performance.now()
  let sweptAt = Number.NEGATIVE_INFINITY
  let isIdle = false
  /** Some jobs were not added, or not with this engine. */
  let isDue = false

  const ownOf = async (recipe: Recipe): Promise<Own> => {
    try {
      const engine = await identities(recipe)
      return { fingerprint: fingerprintOf(recipe, engine), wanted: describeEngine(engine) }
    } catch (thrown) {
      return { wanted: `an engine or language that is missing here (${toError(thrown).message})` }
    }
  }

  /** Returns why no worker can read this recipe; undefined if one can, or might. */
  const examine = async (
    { fingerprint, request }: Run,
    workers: ReadonlyMap<string, Abilities | undefined>,
    isFirst: boolean,
  ): Promise<DocumentError | undefined> => {
    const readers = readersOf(fingerprint, workers)
    if (readers.state === 'some') return undefined
    const own = await ownOf(request.recipe)
    const mayPlan = isFirst || readers.state !== 'unknown'
    if (mayPlan && own.fingerprint !== undefined && own.fingerprint !== fingerprint) {
      await planAnew(fingerprint, own.fingerprint)
      return undefined
    }
    if (readers.state === 'unable') return toProblem(own.wanted, readers.why)
    if (readers.state === 'unknown') return blocked.get(fingerprint)
    return performance.now() - aliveAt > noWorkerMs ? noWorker : undefined
  }

  /** Adds jobs that another version left on its own queue to ours, from the ledger. */
  const dropOtherQueues = async (): Promise<void> => {
    if (performance.now() - sweptAt < sweepMs) return
    sweptAt = performance.now()
    const dropped = await queue.forgetOthers()
    if (dropped.length === 0) return
    log.info({ queues: dropped }, 'queues of other versions deleted')
    isDue = true
  }

  /** Returns whether the reconciler has jobs to add. */
  const look = async (isFirst = false): Promise<boolean> => {
    await dropOtherQueues()
    const runs = ledger.runs.openRecipes()
    if (runs.length === 0 && isIdle) return false
    isIdle = runs.length === 0
    // First the recipes: a worker that learns of one looks for it at once.
    await queue.keepRecipes(runs.map(({ request }) => request.recipe))
    const wanted = runs.map(({ fingerprint, request }) => [fingerprint, recipeIdOf(request.recipe)])
    await publishWanted(redis, keys, Object.fromEntries(wanted))
    const workers = await readAbilities(redis, keys)
    if (workers.size > 0) aliveAt = performance.now()
    const before = blocked
    const now = new Map<string, DocumentError>()
    for (const run of runs) {
      const why = await examine(run, workers, isFirst)
      if (why !== undefined) now.set(run.fingerprint, why)
    }
    blocked = now
    for (const { progress, run } of active.values()) {
      progress.blocked(now.get(run.fingerprint) ?? null)
    }
    await publishBlocked(redis, keys, Object.fromEntries(now))
    for (const [fingerprint, why] of now) {
      const isNew = !before.has(fingerprint)
      if (isNew) log.warn({ fingerprint, why: why.message }, 'recipe blocked')
      if (isMismatch(why)) await takeOffQueue(fingerprint, isNew)
    }
    const wasDue = isDue || [...before.keys()].some((fingerprint) => !now.has(fingerprint))
    isDue = false
    return wasDue
  }

  return {
    look,
    /** The queue for all other users: it skips jobs that no worker can read; the reconciler adds them later. */
    gated: {
      ...queue,
      add: (jobs) => queue.add(jobs.filter(({ job }) => !isMismatch(blocked.get(job.fingerprint)))),
    } satisfies PageQueue,
  }
}

/** Without a living worker, jobs may as well wait on the queue. */
const isMismatch = (why: DocumentError | undefined): boolean => why?.code === 'recipe_mismatch'

const toProblem = (wanted: string, why: string): DocumentError => ({
  code: 'recipe_mismatch',
  message:
    `no worker can read this recipe: it needs ${wanted}; ${why}. Start workers with this version, engine and language ` +
    `data, then the run continues automatically`,
})

interface Rounds {
  watch: Pick<ReturnType<typeof createRecipeWatch>, 'look'>
  lease: Pick<Lease, 'held'>
  reconcile: () => Promise<void>
  log: Lines
}

/** Checks the recipes, one check at a time, and has the reconciler add jobs that became ready. Never rejects. */
export function createRounds({ watch, lease, reconcile, log }: Rounds) {
  let looking: Promise<void> | undefined
  const once = async (isFirst: boolean): Promise<void> => {
    try {
      await lease.held()
      if (await watch.look(isFirst)) await reconcile()
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'checking recipes failed, retrying')
    }
  }
  return (isFirst = false): Promise<void> =>
    (looking ??= once(isFirst).finally(() => (looking = undefined)))
}
