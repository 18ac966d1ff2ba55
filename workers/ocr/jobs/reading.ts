import { pageSchema, type PageResult, type Timings } from '../../../shared/contract/contract.ts'
import type { EngineIdentity } from '../../../shared/contract/engine.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Job } from '../../../shared/contract/messages/job.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { describeEngine, fingerprintOf } from '../../../shared/contract/recipe.ts'
import type { Desk } from './desk.ts'
import type { EngineSlot } from '../engine/engine-slot.ts'
import type { OpenedPage } from '../open/opened.ts'
import type { Opened, Opening } from './opening.ts'
import { planOf } from '../read/plan.ts'
import { readPage, type PageReading } from '../read/page-reader.ts'
import { preparePage, type PageOnDesk } from '../prepare/prepare.ts'
import { createReadClock, type ReadClock } from './read-clock.ts'

interface Deps {
  workerId: string
  open: Opening
  maxMegapixels: number
  engineSlot: EngineSlot
  identities: EngineIdentities
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
      const { input, pagesTotal, prepared, number, page } = opened
      const waitMs = since(waiting)
      const began = performance.now()
      if (job.isInteractive === true) deps.onBegin(job, number, pagesTotal)
      const deadline = began + deadlineOf(job, page)
      const read = await clock.during(() =>
        readPage(prepared, labelOf(job), job.recipe, (image) =>
          deps.engineSlot.read(image, job.recipe, {
            deadlineMs: Math.max(1, deadline - performance.now()),
            cancelling: delivery.cancelling,
          }),
        ),
      )
      const timings = { ...opened.timings, waitMs, recogniseMs: since(began) }
      const result = toResult(deps, { number, page }, read, timings, engine)
      const { documentId } = job
      return {
        v: 1,
        kind: 'page',
        jobId,
        documentId,
        input,
        pagesTotal,
        result: checkPage({ ...result, attempts: attempt }),
      }
    })
  }
}

const parsePage = createParser("the engine's answer", pageSchema)

/** A result that the aggregator would refuse must fail here, where the page can still be retried. */
function checkPage(result: PageResult): PageResult {
  try {
    return parsePage(result)
  } catch (thrown) {
    throw new ScriptoriumError('engine_failed', toError(thrown).message, { cause: thrown })
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
  const { page, input, pagesTotal, number } = opened
  const openMs = since(began)
  if (page.kind === 'layer') {
    const { documentId } = job
    const timings = { openMs, prepareMs: 0, waitMs: 0, recogniseMs: 0, overlapMs: overlap() }
    const about = { page: number, attempts: attempt, timings, worker: deps.workerId, engine }
    const result = checkPage({ ...ofLayer(page), ...about })
    return { v: 1, kind: 'page', jobId, documentId, input, pagesTotal, result }
  }
  const preparing = performance.now()
  const [firstAttempt] = planOf(job.recipe).readings
  const prepared = await preparePage(page, deps.maxMegapixels, firstAttempt)
  deps.log.debug({ jobId, page: number, stepsMs: prepared.stepsMs }, 'page prepared')
  const timings = { openMs, prepareMs: since(preparing), overlapMs: overlap() }
  return { ...opened, prepared, timings }
}

/** Builds the result of a page from its own text layer. */
function ofLayer({ width, height, dpi, layer }: Extract<OpenedPage, { kind: 'layer' }>) {
  const { text, blocks } = layer
  const isEmpty = text.trim() === ''
  return {
    outcome: isEmpty ? ('empty' as const) : ('succeeded' as const),
    orientation: { isMirrored: false, rotation: 0 as const, skew: 0 },
    textSource: 'layer' as const,
    readings: [],
    confidence: isEmpty ? 0 : 100,
    width,
    height,
    dpi,
    text,
    blocks,
  }
}

function toResult(
  { workerId }: Deps,
  { number, page: { width, height, dpi } }: Pick<Opened, 'number' | 'page'>,
  read: PageReading,
  timings: Timings,
  engine: EngineIdentity,
): Omit<PageResult, 'attempts'> {
  return {
    page: number,
    outcome: read.text.trim() === '' ? 'empty' : 'succeeded',
    width,
    height,
    dpi,
    textSource: 'engine',
    ...read,
    timings,
    worker: workerId,
    engine,
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
