import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import type { RunSpan } from '../../../shared/tracing/tracer.ts'
import type { JobDelivery } from './reading.ts'

/**
 * The trace of one delivery up to its report. Stages follow one another: opened and prepared at its begin, recognised
 * at its end, with a wait for the engine between.
 */
export function toSpan(
  { job, jobId, attempt }: Omit<JobDelivery, 'cancelling'>,
  report: WorkerReport,
  startMs: number,
  endMs = Date.now(),
): RunSpan {
  const { runId, documentId } = job
  const attributes = { documentId, jobId, attempt, kind: report.kind }
  const span = { runId, name: 'page', startMs, endMs }
  if (report.kind === 'failed') {
    const { code, message } = report.error
    return { ...span, attributes, error: `${code}: ${message}` }
  }
  if (report.kind !== 'page') return { ...span, attributes }
  const { page, timings, worker, engine } = report.result
  const openedMs = startMs + timings.openMs
  const read = { startMs: endMs - timings.recogniseMs, endMs }
  return {
    ...span,
    attributes: { ...attributes, page, worker },
    parts: [
      { name: 'open', startMs, endMs: openedMs },
      { name: 'prepare', startMs: openedMs, endMs: openedMs + timings.prepareMs },
      { name: 'recognise', ...read, attributes: { engine: engine.name } },
    ],
  }
}
