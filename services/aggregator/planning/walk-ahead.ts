import type { Trip } from '../progress/breaker.ts'
import { canaryStage, judgeCanaries } from '../progress/canary.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { RunProgress } from '../progress/run-progress.ts'
import { surveyFolder, type FoundFile, type Survey } from './survey.ts'
import type { WalkStep } from '../folders/walk.ts'

interface Deps {
  ledger: Ledger
  run: FolderRun
  progress: RunProgress
  /** A walk over all inputs of the run. */
  walkAll: () => Iterable<WalkStep>
  recentMs: number
  signal: AbortSignal
}

const anyPath = (_path: string): boolean => true

/** The planner's work ahead of its walk: it counts the files to read, and reads some files before all others. */
export function createWalkAhead({ ledger, run, progress, walkAll, recentMs, signal }: Deps) {
  let isCounting = false

  const survey = async (size: number, isWanted = anyPath): Promise<Survey> => {
    isCounting = true
    const options = { size, recentMs, isWanted, signal }
    const surveyed = await surveyFolder(ledger, run, walkAll(), options)
    progress.expects(surveyed)
    return surveyed
  }

  return {
    /** Counts once, in the background: with a full window the walk itself ends long after its start. */
    count(): void {
      if (!isCounting) survey(0).catch(ignore)
    },
    /** Reads the canaries, and returns the reason for a pause, if there is one. */
    async readCanaries(plan: (files: FoundFile[]) => Promise<void>): Promise<Trip | undefined> {
      const at = canaryStage(ledger, run)
      if (at.stage === 'passed' || run.request.dryRun) return undefined
      const isWanted = at.stage === 'begun' ? (path: string) => at.paths.has(path) : anyPath
      const { sample, documents } = await survey(run.request.canary ?? 0, isWanted)
      await plan(sample)
      await progress.below(1, signal)
      return judgeCanaries(ledger, run, documents > sample.length)
    },
  }
}

/** The planner's own walk meets the same error, and reports it. */
const ignore = (): void => undefined
