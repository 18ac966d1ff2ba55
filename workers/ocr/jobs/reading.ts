import type { PageResult, PageWarning, Timings } from '../../../shared/contract/result/page.ts'
import type { EngineIdentity } from '../../../shared/contract/engine.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { engineLabelOf } from '../../../shared/contract/measures.ts'
import { unmeasured, type Measures } from '../../../shared/redis/measures.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Job } from '../../../shared/contract/messages/job.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { describeEngine, fingerprintOf } from '../../../shared/contract/recipe.ts'
import type { Desk } from './desk.ts'
import type { ReadPrepared } from '../engine/engine.ts'
import type { EngineSlot } from '../engine/engine-slot.ts'
import type { SecondEngine } from '../engine/second-engine.ts'
import type { OpenedPage } from '../open/opened.ts'
import { toResult } from './page-result.ts'
import type { Opened, Opening } from './opening.ts'
import { planOf } from '../read/plan.ts'
import { readPage } from '../read/page-reader.ts'
import { preparePage, type PageOnDesk } from '../prepare/prepare.ts'

interface Deps {
  workerId: string
  open: Opening
  maxMegapixels: number
  engineSlot: EngineSlot
  secondEngine?: SecondEngine | undefined
  identities: EngineIdentities
  measures?: Pick<Measures, 'observe'>
  /** Called when the engine begins to read an interactive page. */
  onBegin: (job: Job, page: number, pagesTotal: number) => void
  log: Pick<Logger, 'debug'>
}

/** One delivery of a job: id, attempt number, cancellation signal. */
export interface JobDelivery {
  jobId: string
  job: Job
  attempt: number
  cancelling: AbortSignal
}

/** A page between its file and the engine. */
interface OnDesk extends Opened {
  prepared: PageOnDesk
  timings: Pick<Timings, 'openMs' | 'prepareMs' | 'overlapMs'>
}

/**
 * Opens a document and reads it, or adds its pages to the queue. Throws a `ScriptoriumError` where it cannot be read.
 */
export function createReading(deps: Deps) {
  const clock = createReadClock()
  const { measures = unmeasured } = deps
  return async (delivery: JobDelivery, desk: Desk): Promise<WorkerReport> => {
    const { jobId, job, attempt } = delivery
    const engine = await deps.identities(job.recipe)
    if (fingerprintOf(job.recipe, engine) !== job.fingerprint) {
      throw new ScriptoriumError(
        'recipe_mismatch',
        `this worker's engine or language data (${describeEngine(engine)}) differs from those of the run's plan; run one version everywhere`,
      )
    }
    const opened = await desk.prepare(() => open(deps, clock, delivery, engine))
    if ('kind' in opened) return opened
    const waiting = performance.now()
    return desk.read(async () => {
      const { pagesTotal, prepared, number, page } = opened
      const waitMs = since(waiting)
      const began = performance.now()
      if (job.isInteractive === true) deps.onBegin(job, number, pagesTotal)
      const deadline = began + deadlineOf(job, page)
      const readWith =
        (slot: EngineSlot): ReadPrepared =>
        async (image) => {
          const from = performance.now()
          const read = await slot.read(image, job.recipe, {
            deadlineMs: Math.max(1, deadline - from),
            cancelling: delivery.cancelling,
          })
          measures.observe('reading', engineLabelOf(slot.name), (performance.now() - from) / 1_000)
          return read
        }
      const second = deps.secondEngine?.isFor(job.recipe) === true ? deps.secondEngine : undefined
      const read = await clock.during(() =>
        orOwnText(
          page,
          readPage(
            prepared,
            labelOf(job),
            job.recipe,
            readWith(deps.engineSlot),
            second === undefined ? undefined : readWith(second.slot),
          ),
        ),
      )
      const timings = { ...opened.timings, waitMs, recogniseMs: since(began) }
      const facts = { timings, attempts: attempt, worker: deps.workerId, engine }
      const result =
        'unread' in read
          ? toResult(opened, undefined, facts, read.unread)
          : toResult(opened, read, facts)
      return toReport(jobId, job, opened, result)
    })
  }
}

async function open(
  deps: Deps,
  clock: ReadClock,
  { jobId, job, attempt }: JobDelivery,
  engine: EngineIdentity,
): Promise<OnDesk | WorkerReport> {
  const began = performance.now()
  const overlap = clock.measure()
  const opened = await deps.open(jobId, job)
  if ('kind' in opened) return opened
  const { page, number } = opened
  const openMs = since(began)
  const pixels = page.kind === 'layer' ? page.pictures : page.pixels
  const unread = (prepareMs: number): WorkerReport => {
    const timings = { openMs, prepareMs, waitMs: 0, recogniseMs: 0, overlapMs: overlap() }
    const facts = { timings, attempts: attempt, worker: deps.workerId, engine }
    return toReport(jobId, job, opened, toResult(opened, undefined, facts))
  }
  if (pixels === undefined) return unread(0)
  const preparing = performance.now()
  const [firstAttempt] = planOf(job.recipe).readings
  const given = { ...page, kind: 'pixels', pixels } as const
  const prepared = await preparePage(given, deps.maxMegapixels, firstAttempt)
  deps.log.debug({ jobId, page: number, stepsMs: prepared.stepsMs }, 'page prepared')
  if (page.kind === 'layer' && prepared.survey.isBlank) return unread(since(preparing))
  const timings = { openMs, prepareMs: since(preparing), overlapMs: overlap() }
  return { ...opened, prepared, timings }
}

const toReport = (
  jobId: string,
  { documentId }: Job,
  { input, pagesTotal }: Opened,
  result: PageResult,
): WorkerReport => ({ v: 1, kind: 'page', jobId, documentId, input, pagesTotal, result })

/** A failure to read its pictures costs a page none of its own text: a warning gives the reason. */
async function orOwnText<T>(
  page: OpenedPage,
  reading: Promise<T>,
): Promise<T | { unread: PageWarning }> {
  try {
    return await reading
  } catch (thrown) {
    if (page.kind !== 'layer' || !(thrown instanceof ScriptoriumError)) throw thrown
    const { code, message } = thrown
    if (code === 'cancelled') throw thrown
    const why = `the pictures of the page were not read (${code}: ${message}); with more time they may be`
    return { unread: { code: 'reading_given_up', message: why } }
  }
}

/**
 * Maximum time of one reading, in milliseconds: the run's own limit, else 60 s plus 5 s per megapixel, 300 s at most.
 */
function deadlineOf(job: Job, { width, height }: OpenedPage): number {
  if (job.timeoutMs > 0) return job.timeoutMs
  return Math.min(300_000, 60_000 + (5_000 * width * height) / 1e6)
}

/** Names a page in logs and heartbeats. */
export const labelOf = ({ name, path, page = 1 }: Job): string => `${name ?? path}#${page}`

const since = (start: number): number => Math.round((performance.now() - start) * 100) / 100

/**
 * A clock that runs while the worker reads a page. The next page is prepared while one is read: the clock measures the
 * overlap, so that the worker's time is not counted twice.
 */
function createReadClock() {
  let readMs = 0
  let began: number | undefined
  const elapsed = (): number => readMs + (began === undefined ? 0 : performance.now() - began)
  return {
    /** Runs the clock during `work`; it must not be running already. */
    async during<T>(work: () => Promise<T>): Promise<T> {
      began = performance.now()
      try {
        return await work()
      } finally {
        readMs = elapsed()
        began = undefined
      }
    },
    /** Returns a function that returns the running time of the clock since this call, milliseconds. */
    measure(): () => number {
      const before = elapsed()
      return () => Math.round((elapsed() - before) * 100) / 100
    },
  }
}

type ReadClock = ReturnType<typeof createReadClock>
