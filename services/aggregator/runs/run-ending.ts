import type { DocumentError } from '../../../shared/contract/result/error.ts'
import type { Pause } from '../../../shared/contract/pause.ts'
import type { LeftOut, RunReport } from '../../../shared/contract/report.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import { toError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { PdfPasswordOf } from '../../outputs/publish/pdf-password.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import { isConflict } from '../../outputs/publish/recordings.ts'
import { writeResults } from '../../outputs/publish/write-results.ts'
import type { RunProgress } from '../progress/run-progress.ts'
import { sumUp } from '../progress/run-report.ts'
import type { RunEnds } from './run-ends.ts'

export interface RunEndingDeps {
  ledger: Ledger
  publisher: Publisher
  ends: RunEnds
  pdfPasswordOf: PdfPasswordOf
  /** Records the work in progress. */
  hands?: Pick<Hands, 'hold'>
  onEnd: (runId: string) => void
  log: Logger
  /** Receives the messages that repeat while Redis or the disk rejects writes. */
  outages: Lines
}

/**
 * The end of one run: its report, its combined files, and the announcement. `onBegin` is called first, to stop the work
 * that the end makes useless.
 */
export function createRunEnding(
  deps: RunEndingDeps,
  run: FolderRun,
  progress: RunProgress,
  onBegin: () => void,
) {
  const { ledger, ends, hands = freeHands, onEnd, log, outages } = deps
  /** Aborts writing the combined files. */
  const combining = new AbortController()
  let ending: Promise<void> | undefined
  let refusal: DocumentError | undefined

  const close = async (state: RunReport['state'], pause?: Pause): Promise<void> => {
    onBegin()
    await progress.flush() // Before the end: a client that sees a run ended must find all of its events.
    if (run.request.dryRun) await progress.close(refusal === undefined ? state : 'refused', refusal)
    else {
      const summed = await sumUp(hands, ledger, run, progress.snapshot(), state, refusal)
      const leftOut = state === 'finished' ? await combine(deps, run, combining.signal) : []
      const report = {
        ...summed,
        ...(pause !== undefined && { pause }),
        ...(leftOut.length > 0 && { leftOut }),
      }
      ends.record(run, report)
      progress.stop()
      await ends.tell(run.id)
      const { outcomes, seconds } = report
      log.info({ runId: run.id, state, outcomes, seconds }, 'run ended')
    }
    onEnd(run.id)
  }

  const end = (state: RunReport['state'], pause?: Pause): Promise<void> =>
    (ending ??= close(state, pause).catch((thrown: unknown) => {
      ending = undefined // The disk may have been full; the next reconciling pass retries.
      throw thrown
    }))

  /** It may be ending by itself at this moment, and writing the combined files. */
  const stopCombining = async (): Promise<void> => {
    combining.abort(new Error('the run was stopped'))
    await ending?.catch(() => undefined)
  }

  const endQuietly = (state: RunReport['state']): void =>
    void end(state).catch((thrown: unknown) =>
      outages.error({ runId: run.id, err: toError(thrown) }, 'ending the run failed'),
    )

  return {
    end,
    endQuietly,
    hasBegun: (): boolean => ending !== undefined,
    /** Records why the run cannot be planned. */
    refuse: (why: DocumentError): void => void (refusal = why),
    isRefused: (): boolean => refusal !== undefined,
    stopCombining,
  }
}

/** Writes the requested combined files of an output folder. Returns those that were skipped. */
async function combine(
  deps: RunEndingDeps,
  run: FolderRun,
  signal: AbortSignal,
): Promise<LeftOut[]> {
  if (!run.request.combined) return []
  try {
    return await writeResults(deps, run, await deps.pdfPasswordOf(run), signal)
  } catch (thrown) {
    // The obstacle in their place would still be there the next time: the run ends without them, and `verify` reports
    // it.
    if (!isConflict(thrown)) throw thrown
    deps.log.error({ runId: run.id, err: toError(thrown) }, 'writing the combined files failed')
    return []
  }
}
