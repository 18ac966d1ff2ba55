import { failedOutcomes } from '../../../shared/contract/result/outcomes.ts'
import { toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { newProgress, type Progress } from '../../../shared/contract/messages/progress.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { runReportSchema, type RunReport } from '../../../shared/contract/report.ts'
import { upgradeRunReport } from '../../../shared/contract/schema/upgrades.ts'
import type { Announcer } from '../events/announcer.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { sumUp } from '../progress/run-report.ts'

interface Deps {
  ledger: Ledger
  lease: Pick<Lease, 'write'>
  keys: Keys
  announcer: Announcer
  /** Records the run whose report is being written. */
  hands?: Pick<Hands, 'hold'>
  log: Lines
}

const parseReport = createParser("a run's report", runReportSchema, upgradeRunReport)

/**
 * Ends folder runs: first in the ledger, then for the waiting clients. We may die between the two, and Redis may be
 * wiped after both; so the ledger keeps the unannounced ends, and a client that asks again gets another announcement.
 */
export function createRunEnds({ ledger, lease, keys, announcer, hands = freeHands, log }: Deps) {
  const { runs } = ledger

  const publish = async (run: FolderRun): Promise<void> => {
    const report =
      run.report === null
        ? await sumUp(hands, ledger, run, newProgress(run.id, run.startedAt), endOf(run))
        : parseReport(JSON.parse(run.report))
    const progress = JSON.stringify(progressOf(report))
    // A paused run needs its password again when it resumes.
    const isSecretKept = run.state === 'paused'
    await lease.write([
      ['SET', keys.report(run.id), JSON.stringify(report), 'EX', ttl.finishedRun],
      ['SET', keys.progress(run.id), progress, 'EX', ttl.finishedRun],
      ['DEL', keys.paths(run.id), ...(isSecretKept ? [] : [keys.secret(run.id)])],
    ])
    runs.setAnnounced(run.id)
  }

  const tell = async (id: string): Promise<void> => {
    const run = runs.getFolder(id)
    if (run === undefined || run.state === 'active') return
    await publish(run).catch((thrown: unknown) =>
      log.warn({ runId: id, err: toError(thrown) }, 'announcing the end of a run failed, retrying'),
    )
  }

  return {
    /** Records durably that a run has ended, with its report. Throws where the ledger is not writable. */
    record(run: FolderRun, report: RunReport): void {
      ledger.transaction(() => {
        const hasEnded = runs.end(run.id, report.state, JSON.stringify(report))
        if (hasEnded) announcer.runEnded(run, report.state, report.outcomes, report.pause)
      })
    },
    /** Announces a run's end to waiting clients, as often as they ask. */
    tell,
    /** Announces ends that a restart or a full Redis prevented from being announced. */
    async tellRest(): Promise<void> {
      for (const { id } of runs.unannounced()) await tell(id)
    },
  }
}

export type RunEnds = ReturnType<typeof createRunEnds>

const endOf = ({ state }: FolderRun): RunReport['state'] =>
  state === 'active' ? 'interrupted' : state

/** The last progress of a run, taken from its report: the live counts are for display only. */
function progressOf(report: RunReport): Progress {
  const { outcomes, open, error, pause } = report
  const sum = (names: Iterable<string>): number =>
    [...names].reduce((total, name) => total + (outcomes[name] ?? 0), 0)
  const failed = sum(failedOutcomes)
  const done = sum(['succeeded', 'empty', 'duplicate', 'cancelled'])
  return {
    ...newProgress(report.runId, report.startedAt),
    state: error === undefined ? report.state : 'refused',
    planningDone: true,
    seen: report.seen,
    planned: done + failed + open,
    done,
    failed,
    unchanged: sum(['skipped_unchanged']),
    failedEarlier: report.failedEarlier,
    unstable: sum(['unstable']),
    restored: report.restored,
    unavailable: report.unavailable,
    existing: report.existing ?? 0,
    pagesRead: report.pagesRead,
    pagesPerSecond: report.pagesPerSecond,
    error: error ?? (pause ? { code: pause.code, message: pause.message } : null),
  }
}
