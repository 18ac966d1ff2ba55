import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { makeRequest } from './records.ts'

/** A run's request as `ingest` builds it without any flag. */
export const exampleRequest = (given: Pick<FolderRequest, 'root' | 'out'>): FolderRequest =>
  makeRequest(given)

/** A worker's report about a document of one page with this `text`. */
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
      dpi: null,
      orientation: { isMirrored: false, rotation: 0, skew: 0 },
      textSource: 'engine',
      readings: [],
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
