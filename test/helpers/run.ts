import type { RunRequest, WorkerReport } from '../../shared/messages.ts'
import { defaultRecipe } from '../../shared/recipe.ts'

/** A run's request as `ingest` builds it without any flag. */
export const exampleRequest = ({ root, out }: Pick<RunRequest, 'root' | 'out'>): RunRequest => ({
  runId: 'r1',
  root,
  inputs: [''],
  pathsInRedis: false,
  out,
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
})

/** What a worker reports about a document of one page that says `text`. */
export function exampleReport({
  jobId,
  documentId,
  text,
}: Pick<WorkerReport, 'jobId' | 'documentId'> & { text: string }): WorkerReport {
  return {
    v: 1,
    kind: 'page',
    jobId,
    documentId,
    pagesTotal: 1,
    input: { sha256: documentId, bytes: 9, mediaType: 'image/png' },
    result: {
      page: 1,
      outcome: 'succeeded',
      width: 4,
      height: 4,
      confidence: 90,
      text,
      blocks: [],
      attempts: 1,
      worker: 'w',
      timings: { openMs: 1, prepareMs: 1, waitMs: 0, recogniseMs: 1 },
      engine: { name: 'example', version: '0', core: 'none', traineddata: [] },
    },
  }
}
