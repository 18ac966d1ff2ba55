import {
  pageSchema,
  type EngineIdentity,
  type PageResult,
  type Timings,
} from '../../shared/contract.ts'
import type { EngineIdentities } from '../../shared/engine-identity.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { createParser, type Input, type Job, type WorkerReport } from '../../shared/messages.ts'
import { fingerprintOf } from '../../shared/recipe.ts'
import type { Desk } from './desk.ts'
import type { PreparedPage, Recognition } from './engine.ts'
import type { EngineSlot } from './engine-slot.ts'
import { openImage } from './open/image.ts'
import { readSource } from './open/source.ts'
import { preparePage } from './prepare/prepare.ts'

export interface ReadingLimits {
  maxBytes: number
  maxMegapixels: number
  maxPages: number
}

interface Deps {
  workerId: string
  limits: ReadingLimits
  engineSlot: EngineSlot
  identities: EngineIdentities
  /** Which document of the run holds this content: ours if it is the first. */
  claim: (job: Job, sha256: string) => Promise<string>
  /** Puts each page of an opened document on the queue. */
  addPages: (jobId: string, job: Job, pagesTotal: number) => Promise<void>
  /** Called when the engine begins to read a page that somebody waits for. */
  onBegin: (job: Job, page: number, pagesTotal: number) => void
}

/** One delivery of a job: which one, the how-manieth attempt, and whether anybody still wants it. */
export interface Delivery {
  jobId: string
  job: Job
  attempt: number
  cancelling: AbortSignal
}

/** A page on its way from the file to the engine. */
interface Opened {
  input: Input
  pagesTotal: number
  prepared: PreparedPage
  timings: Pick<Timings, 'openMs' | 'prepareMs'>
}

/**
 * Opens a document and reads it, or hands its pages to the fleet.
 * Throws a `ScriptoriumError` where it cannot be read.
 */
export function createReading(deps: Deps) {
  return async (delivery: Delivery, desk: Desk): Promise<WorkerReport> => {
    const { jobId, job, attempt } = delivery
    const engine = await deps.identities(job.recipe)
    if (fingerprintOf(job.recipe, engine) !== job.fingerprint) {
      throw new ScriptoriumError(
        'recipe_mismatch',
        `this worker's engine or language data (${describe(engine)}) is not the one the run was planned with; run one version everywhere`,
      )
    }
    const opened = await desk.prepare(() => open(deps, delivery))
    if ('kind' in opened) return opened
    const waiting = performance.now()
    return desk.read(async () => {
      const { input, pagesTotal, prepared } = opened
      const waitMs = since(waiting)
      const began = performance.now()
      if (job.isInteractive === true) deps.onBegin(job, job.page ?? 1, pagesTotal)
      const recognition = await deps.engineSlot.read(prepared, job.recipe, {
        deadlineMs: deadlineOf(job, prepared),
        cancelling: delivery.cancelling,
      })
      const timings = { ...opened.timings, waitMs, recogniseMs: since(began) }
      const result = toResult(deps, delivery, prepared, recognition, timings, engine)
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

/** What the aggregator would not understand must fail here, where the page can still be tried again. */
function checkPage(result: PageResult): PageResult {
  try {
    return parsePage(result)
  } catch (thrown) {
    throw new ScriptoriumError('engine_failed', toError(thrown).message, { cause: thrown })
  }
}

async function open(deps: Deps, { jobId, job }: Delivery): Promise<Opened | WorkerReport> {
  const { maxBytes, maxMegapixels } = deps.limits
  const began = performance.now()
  const { bytes, sha256 } = await readSource({ ...job, maxBytes })
  if (job.stat === '' && sha256 !== job.path) {
    throw new ScriptoriumError('corrupt_upload', 'is not in the spool as it was uploaded')
  }
  const { mediaType, pagesTotal } = await openImage(bytes, deps.limits)
  const input: Input = { sha256, bytes: bytes.length, mediaType }
  const reported = { v: 1, jobId, documentId: job.documentId, input } as const
  if (job.page === undefined) {
    if (job.mayBeKnown) return { ...reported, kind: 'hashed' }
    const of = await deps.claim(job, sha256)
    if (of !== job.documentId) return { ...reported, kind: 'duplicate', of }
    if (pagesTotal > 1) {
      await deps.addPages(jobId, job, pagesTotal)
      return { ...reported, kind: 'expanded', pagesTotal }
    }
  }
  const openMs = since(began)
  const preparing = performance.now()
  const page = job.page ?? 1
  const prepared = await preparePage(bytes, page, labelOf(job), maxMegapixels)
  return { input, pagesTotal, prepared, timings: { openMs, prepareMs: since(preparing) } }
}

function toResult(
  { workerId }: Deps,
  { job }: Delivery,
  { width, height }: PreparedPage,
  { text, confidence, blocks }: Recognition,
  timings: Timings,
  engine: EngineIdentity,
): Omit<PageResult, 'attempts'> {
  const outcome = text.trim() === '' ? 'empty' : 'succeeded'
  const page = job.page ?? 1
  return {
    page,
    outcome,
    width,
    height,
    confidence,
    text,
    blocks,
    timings,
    worker: workerId,
    engine,
  }
}

/** Milliseconds one reading may take: what the run says, else 60 s and 5 s a megapixel, 300 s at most. */
function deadlineOf(job: Job, { width, height }: PreparedPage): number {
  if (job.timeoutMs > 0) return job.timeoutMs
  return Math.min(300_000, 60_000 + (5_000 * width * height) / 1e6)
}

/** Names a page in logs and heartbeats. */
export const labelOf = ({ name, path, page = 1 }: Job): string => `${name ?? path}#${page}`

const since = (start: number): number => Math.round((performance.now() - start) * 100) / 100

const describe = ({ name, version, core }: EngineIdentity): string => `${name} ${version} ${core}`
