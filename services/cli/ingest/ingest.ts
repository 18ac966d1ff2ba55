import {
  exitCodes,
  isErrorCode,
  ScriptoriumError,
  toError,
} from '../../../shared/process/errors.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import type { RunReport } from '../../../shared/contract/report.ts'
import { noSecret, secretOf } from '../../../shared/redis/pdf-passwords.ts'
import { printable } from '../../../shared/process/printable.ts'
import { findLanguages } from '../../../shared/engine/tessdata.ts'
import type { IngestOptions } from './arguments.ts'
import { followRun, type Moment } from './follow.ts'
import { createHandover, type Handover } from './handover.ts'
import { resolveInputs, resolveOut } from './inputs.ts'
import { joinServices } from './joined-services.ts'
import { startOwnProcesses } from './own-processes.ts'
import type { RunServices } from './run-services.ts'
import { prepareReport, type WriteReport } from './show/report-file.ts'
import { buildRequest } from './request.ts'
import { exitCodeOf, formatDryRun, formatSummary, unsettledLines } from './show/summary.ts'
import {
  createBlockedLines,
  createEstimateTeller,
  createView,
  eventLines,
  type View,
} from './show/view.ts'

interface Deps {
  options: IngestOptions
  environment: NodeJS.ProcessEnv
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  readStdin: () => string
  /** Aborted by the first Ctrl-C: finish the pages in hand and stop. */
  stopping: AbortSignal
  /** The command that continues an interrupted run. */
  resumeCommand: string
}

type Watching = Deps & { writeReport: WriteReport | undefined }

/** Runs one ingestion from arguments to summary. Returns the exit code; throws `ScriptoriumError`. */
export async function ingest(deps: Deps): Promise<number> {
  const { options, environment, stopping } = deps
  const inputs = resolveInputs(options, deps.readStdin)
  const out = resolveOut(options.out, inputs)
  const request = buildRequest(options, inputs, out)
  // A dry run has no report, and leaves no folder behind.
  const reportPath = options.dryRun ? undefined : options.report
  const writeReport = reportPath === undefined ? undefined : prepareReport(reportPath)
  const view = createView(deps.stderr, environment['TERM'], options)
  const services = await findServices(options, environment, request, view.line)
  const { pdfPassword } = options
  const handover = createHandover({
    services,
    request,
    paths: inputs.paths,
    pdfPassword,
    tell: view.line,
  })
  try {
    await handover.answer(handover.begin())
    const onStop = (): void => {
      view.note('Finishing the pages in progress; press Ctrl-C again to stop at once.')
      // Our own fleet drains first; then the run is asked to stop.
      const onProblem = (thrown: unknown): void => view.line(toError(thrown).message)
      void services.quieten().catch(onProblem).then(handover.end)
    }
    if (stopping.aborted) onStop()
    else stopping.addEventListener('abort', onStop)
    services.begin()
    return await watch({ ...deps, writeReport }, services, request, { view, handover })
  } finally {
    view.hide()
    await services.close()
  }
}

/** The services that read a run. Throws where there are none, or where another process has the output folder. */
export async function findServices(
  options: IngestOptions,
  environment: NodeJS.ProcessEnv,
  request: FolderRequest,
  onTrouble: (line: string) => void,
): Promise<RunServices> {
  const url = environment['REDIS_URL']
  if (url) {
    if (options.workers !== undefined) {
      const message =
        '--workers has no effect with REDIS_URL: the running fleet has its own workers; remove the option'
      throw new ScriptoriumError('bad_arguments', message)
    }
    if (options.pdfPassword !== undefined && secretOf(environment) === undefined)
      throw new ScriptoriumError('bad_arguments', noSecret)
    return joinServices(url, environment, request)
  }
  const { languages, oem } = request.recipe
  if ((environment['SCRIPTORIUM_ENGINE'] ?? 'tesseract.js') === 'tesseract.js') {
    await findLanguages(languages, oem, environment['TESSDATA_PREFIX'])
  }
  return startOwnProcesses(request.out, options, environment, onTrouble)
}

async function watch(
  deps: Watching,
  services: RunServices,
  request: FolderRequest,
  { view, handover }: { view: View; handover: Handover },
): Promise<number> {
  const { options, stdout } = deps
  const tellEstimate = createEstimateTeller({ line: view.note })
  const { redis, keys } = services
  const following = { redis, keys, runId: request.runId, hasReport: !options.dryRun, handover }
  const tellBlocked = createBlockedLines(view.line)
  let last: Moment | undefined
  for await (const moment of followRun(following)) {
    const { progress, events } = moment
    if (options.json && events.length > 0) view.hide()
    for (const event of events) {
      if (options.json) stdout.write(`${JSON.stringify({ type: 'document', ...event })}\n`)
      for (const line of eventLines(event, options)) view.line(line)
    }
    const hasWork = progress.planned > progress.done + progress.failed
    if (hasWork && !options.dryRun && !deps.stopping.aborted) services.needWorkers()
    if (!options.dryRun) tellEstimate(progress)
    tellBlocked(progress)
    view.update(progress)
    last = moment
  }
  view.hide()
  if (last === undefined)
    throw new ScriptoriumError('internal', 'the run ended without any progress message')
  const { progress, report } = last
  if (progress.state === 'refused') throw refusalOf(progress.error)
  if (report !== undefined) return conclude(deps, request, report)
  if (options.json) stdout.write(`${JSON.stringify({ type: 'dry-run', ...progress })}\n`)
  else stdout.write(`${printable(formatDryRun(progress))}\n`)
  return progress.state === 'interrupted' ? exitCodes.interrupted : exitCodes.done
}

/** All output, and the exit code, come from the ledger: the report was built from it at the end of the run. */
function conclude(deps: Watching, { out }: FolderRequest, report: RunReport): number {
  const { options, stdout, stderr } = deps
  if (options.json) stdout.write(`${JSON.stringify({ type: 'summary', ...report })}\n`)
  else if (!options.quiet)
    stdout.write(`${printable(formatSummary(report))}\noutput: ${printable(out)}\n`)
  for (const line of unsettledLines(report)) stderr.write(`${printable(line)}\n`)
  const code = exitCodeOf(report)
  if (code === exitCodes.interrupted || code === exitCodes.paused)
    stderr.write(`\nTo continue:\n  ${deps.resumeCommand}\n`)
  deps.writeReport?.(report) // Last: if it fails, the summary has been shown.
  return code
}

function refusalOf(error: { code: string; message: string } | null): ScriptoriumError {
  const { code, message } = error ?? { code: 'internal', message: 'the run was refused' }
  return new ScriptoriumError(isErrorCode(code) ? code : 'internal', message)
}
