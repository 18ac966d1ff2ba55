import { hash } from 'node:crypto'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import type { EngineIdentity } from '../../../shared/contract/engine.ts'
import { jobIdOf, uploadDocumentId } from '../../../shared/contract/ids.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type { Job } from '../../../shared/contract/messages/job.ts'
import type { FolderRequest, UploadRequest } from '../../../shared/contract/messages/run-request.ts'
import type {
  ReportedInput,
  WorkerReport,
} from '../../../shared/contract/messages/worker-report.ts'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import type { FolderRun } from '../../../services/ledger/runs.ts'

export const engine: EngineIdentity = {
  name: 'fake',
  version: '1',
  core: 'none',
  traineddata: [{ language: 'eng', sha256: 'f00d' }],
}

export function makeRequest(given: Partial<FolderRequest> = {}): FolderRequest {
  return {
    source: 'folder',
    runId: 'r1',
    root: '/scans',
    inputs: [''],
    pathsInRedis: false,
    out: '/out',
    include: [],
    exclude: [],
    includeHidden: false,
    follow: false,
    formats: ['txt', 'json'],
    combined: false,
    recipe: defaultRecipe,
    attempts: 3,
    timeoutMs: 0,
    force: false,
    retryFailed: false,
    checksum: false,
    dryRun: false,
    requestedBy: 'a test',
    ...given,
  }
}

export function makeRun(given: Partial<FolderRequest> = {}, fingerprint = 'fp'): FolderRun {
  const request = makeRequest(given)
  return {
    id: request.runId,
    request,
    fingerprint,
    state: 'active',
    startedAt: new Date().toISOString(),
    finishedAt: null,
    report: null,
  }
}

/** A run of the API, as it requests its uploads. */
export const makeUploadRequest = (given: Partial<UploadRequest> = {}): UploadRequest => ({
  source: 'upload',
  runId: 'u1',
  root: '/spool',
  recipe: defaultRecipe,
  attempts: 3,
  timeoutMs: 0,
  force: false,
  requestedBy: 'a test',
  priority: 'interactive',
  requestId: 'request-1',
  ...given,
})

/** An upload of a file for each of `contents`, whose names are their contents too. */
export function makeAcceptance(
  contents: readonly string[],
  given: Partial<UploadRequest> & { pass?: number } = {},
): Acceptance {
  const { pass = 1, ...request } = given
  return {
    v: 1,
    kind: 'accepted',
    request: makeUploadRequest(request),
    fingerprint: 'fp',
    acceptedAt: new Date().toISOString(),
    documents: contents.map((content) => {
      const sha256 = hash('sha256', content)
      const documentId = uploadDocumentId(sha256, 'fp')
      return {
        documentId,
        jobId: jobIdOf(documentId, '', 'fp', pass),
        pass,
        name: `${content}.png`,
        sha256,
        bytes: content.length,
        mediaType: 'image/png',
      }
    }),
  }
}

/** The document that an upload of this content is. */
export const uploadOf = (content: string): string => uploadDocumentId(hash('sha256', content), 'fp')

export function makeJob(given: Partial<Job> = {}): Job {
  return {
    v: 1,
    runId: 'r1',
    documentId: 'd1',
    root: '/scans',
    path: 'a.png',
    follow: false,
    stat: '1-1-1',
    recipe: defaultRecipe,
    fingerprint: 'fp',
    attempts: 3,
    timeoutMs: 0,
    mayBeKnown: false,
    ...given,
  }
}

const bbox = { x0: 0, y0: 0, x1: 10, y1: 10 }

export function makePage(given: Partial<PageResult> = {}): PageResult {
  const text = given.text ?? 'hello'
  const located = { text, confidence: given.confidence ?? 90, bbox }
  const words = text.split(/\s+/).map((word) => ({ ...located, text: word }))
  const lines = [{ ...located, baseline: { x0: 0, y0: 8, x1: 10, y1: 8 }, size: 10, words }]
  return {
    page: 1,
    outcome: 'succeeded',
    width: 10,
    height: 10,
    dpi: null,
    orientation: { isMirrored: false, rotation: 0, skew: 0 },
    textSource: 'engine',
    readings: [],
    confidence: 90,
    text,
    blocks: text === '' ? [] : [{ ...located, paragraphs: [{ ...located, lines }] }],
    attempts: 1,
    timings: { openMs: 1, prepareMs: 2, waitMs: 4, recogniseMs: 7 },
    worker: 'w1',
    engine,
    ...given,
  }
}

export const input: ReportedInput = { sha256: 'abc', bytes: 3, mediaType: 'image/png' }

/** The subject of a report. */
interface About {
  jobId: string
  documentId: string
}

export function pageReport(
  { jobId, documentId }: About,
  page: Partial<PageResult> = {},
  pagesTotal = 1,
): Extract<WorkerReport, { kind: 'page' }> {
  return { v: 1, kind: 'page', jobId, documentId, input, pagesTotal, result: makePage(page) }
}

/** A worker's report about the first file of an upload. */
export function uploadReport(
  { documents }: Acceptance,
  page: Partial<PageResult> = {},
): WorkerReport {
  const [first] = documents
  if (first === undefined) throw new Error('an upload of nothing')
  const { documentId, jobId, sha256, bytes, mediaType } = first
  const read = { kind: 'page', pagesTotal: 1, result: makePage(page) } as const
  return { v: 1, ...read, jobId, documentId, input: { sha256, bytes, mediaType } }
}

type FailedReport = Extract<WorkerReport, { kind: 'failed' }>

export function failedReport(
  { jobId, documentId }: About,
  given: Partial<FailedReport> = {},
): WorkerReport {
  return {
    v: 1,
    kind: 'failed',
    jobId,
    documentId,
    outcome: 'rejected',
    error: { code: 'corrupt_image', message: 'is damaged' },
    attempts: 1,
    worker: 'w1',
    page: null,
    pagesTotal: null,
    input: null,
    ...given,
  }
}
