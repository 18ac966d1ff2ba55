import { writeFileSync } from 'node:fs'
import { sendCommand } from '../../shared/commands.ts'
import { exitCodes, isErrorCode, ScriptoriumError } from '../../shared/errors.ts'
import type { RunRequest } from '../../shared/messages.ts'
import { findLanguages } from '../../shared/tessdata.ts'
import type { IngestOptions } from './arguments.ts'
import { followRun, readReport } from './follow.ts'
import { resolveInputs, resolveOut } from './inputs.ts'
import { joinServices } from './joined-services.ts'
import { startOwnProcesses } from './own-processes.ts'
import type { Place } from './place.ts'
import { buildRequest, submit } from './request.ts'
import { exitCodeOf, formatDryRun, formatSummary } from './summary.ts'
import { createView, eventLines, type View } from './view.ts'

interface Deps {
  options: IngestOptions
  environment: NodeJS.ProcessEnv
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  readStdin: () => string
  /** Aborted by the first Ctrl-C: finish the pages in hand and stop. */
  stopping: AbortSignal
  /** The command that goes on with an interrupted run. */
  resumeCommand: string
}

/** Runs one ingestion from arguments to summary. Returns the exit code; throws `ScriptoriumError`. */
export async function ingest(deps: Deps): Promise<number> {
  const { options, environment, stopping } = deps
  const inputs = resolveInputs(options, deps.readStdin)
  const out = resolveOut(options.out, inputs)
  const request = buildRequest(options, inputs, out)
  const place = await findPlace(options, environment, request)
  const view = createView(deps.stderr)
  try {
    const { pdfPassword } = options
    await submit(place.redis, place.keys, request, { paths: inputs.paths, pdfPassword })
    const onStop = (): void => {
      view.line('Finishing the pages in hand; Ctrl-C again ends at once.')
      void quieten(place, request)
    }
    if (stopping.aborted) onStop()
    else stopping.addEventListener('abort', onStop)
    await place.begin()
    return await watch(deps, place, request, view)
  } finally {
    view.close()
    await place.close()
  }
}

async function findPlace(
  options: IngestOptions,
  environment: NodeJS.ProcessEnv,
  request: RunRequest,
): Promise<Place> {
  const url = environment['REDIS_URL']
  if (url) {
    if (options.workers !== undefined) {
      const message = "--workers is the fleet's affair where REDIS_URL is set; leave it out"
      throw new ScriptoriumError('bad_arguments', message)
    }
    return joinServices(url, environment['SCRIPTORIUM_PREFIX'] ?? 'scriptorium', request)
  }
  const { languages, oem } = request.recipe
  if ((environment['SCRIPTORIUM_ENGINE'] ?? 'tesseract.js') === 'tesseract.js') {
    await findLanguages(languages, oem, environment['TESSDATA_PREFIX'])
  }
  return startOwnProcesses(request.out, options, environment, request.runId)
}

/** Our own fleet is drained first; then the run is told to end where it is. */
async function quieten(place: Place, request: RunRequest): Promise<void> {
  await place.quieten()
  await sendCommand(place.redis, place.keys, { kind: 'interrupt', runId: request.runId })
}

async function watch(deps: Deps, place: Place, request: RunRequest, view: View): Promise<number> {
  const { options, stdout } = deps
  for await (const { progress, events } of followRun(
    place.redis,
    place.keys,
    request.runId,
    place.failure,
  )) {
    for (const event of events) {
      if (options.json) stdout.write(`${JSON.stringify({ type: 'document', ...event })}\n`)
      for (const line of eventLines(event)) view.line(line)
    }
    const hasWork = progress.planned > progress.done + progress.failed
    if (hasWork && !options.dryRun && !deps.stopping.aborted) place.needWorkers()
    view.update(progress)
    if (progress.state === 'active') continue
    view.close()
    if (progress.state === 'refused') throw refusalOf(progress.error)
    if (!options.dryRun) return conclude(deps, place, request)
    if (options.json) stdout.write(`${JSON.stringify({ type: 'dry-run', ...progress })}\n`)
    else stdout.write(`${formatDryRun(progress)}\n`)
    return exitCodes.done
  }
  throw new ScriptoriumError('internal', 'the run ended without saying how')
}

async function conclude(deps: Deps, place: Place, request: RunRequest): Promise<number> {
  const { options, stdout, stderr } = deps
  const report = await readReport(place.redis, place.keys, request.runId)
  if (report === undefined) throw new ScriptoriumError('internal', 'the run left no report')
  if (options.report !== undefined)
    writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`)
  if (options.json) stdout.write(`${JSON.stringify({ type: 'summary', ...report })}\n`)
  else stdout.write(`${formatSummary(report)}\noutput: ${request.out}\n`)
  if (report.state === 'interrupted')
    stderr.write(`\nTo go on where it stopped:\n  ${deps.resumeCommand}\n`)
  return exitCodeOf(report)
}

function refusalOf(error: { code: string; message: string } | null): ScriptoriumError {
  const { code, message } = error ?? { code: 'internal', message: 'the run was refused' }
  return new ScriptoriumError(isErrorCode(code) ? code : 'internal', message)
}
