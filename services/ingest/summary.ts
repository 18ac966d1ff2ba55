import { exitCodes } from '../../shared/errors.ts'
import { failedOutcomes } from '../../shared/contract.ts'
import type { Progress } from '../../shared/messages.ts'
import type { RunReport } from '../../shared/report.ts'
import { formatSeconds, showPath } from './view.ts'

/** What the outcomes come to. */
export function tally({ outcomes, failedEarlier }: RunReport) {
  const of = (name: string): number => outcomes[name] ?? 0
  const failed = [...failedOutcomes].reduce((sum, outcome) => sum + of(outcome), 0)
  const read = of('succeeded') + of('empty') + of('duplicate')
  return {
    read,
    unchanged: of('skipped_unchanged'),
    failed,
    failedEarlier,
    unstable: of('unstable'),
  }
}

/** The exit code that a run's report deserves. */
export function exitCodeOf(report: RunReport): number {
  if (report.state === 'interrupted') return exitCodes.interrupted
  const { read, unchanged, failed, failedEarlier, unstable } = tally(report)
  if (failed + failedEarlier + unstable + report.unavailable === 0) return exitCodes.done
  const some = read + unchanged + unstable + (report.outcomes['partial'] ?? 0)
  return some === 0 ? exitCodes.allFailed : exitCodes.someFailed
}

/** The end of a run as people read it. */
export function formatSummary(report: RunReport): string {
  const { pagesRead, seconds, pagesPerSecond, pageMs, workers } = report
  const lines = ['', headline(report), ...outcomeLines(report)]
  if (pagesRead > 0) {
    lines.push(
      `${pagesRead} pages in ${formatSeconds(seconds)}: ${pagesPerSecond} pages/s; ` +
        `page time p50 ${milliseconds(pageMs.p50)}, p95 ${milliseconds(pageMs.p95)}`,
    )
    lines.push(
      ...table(
        'worker',
        workers.map(({ worker, pages, share, utilisation }) => [
          worker,
          `${pages} pages`,
          percent(share),
          `busy ${percent(utilisation)}`,
        ]),
      ),
    )
    lines.push(
      ...table(
        'slowest',
        report.slowest.map((line) => [pageOf(line), milliseconds(line.ms)]),
      ),
    )
    lines.push(
      ...table(
        'least confident',
        report.leastConfident.map((line) => [pageOf(line), `${line.confidence.toFixed(0)} %`]),
      ),
    )
  }
  return lines.join('\n')
}

function headline(report: RunReport): string {
  const { read, unchanged, failed, unstable } = tally(report)
  if (report.state === 'interrupted')
    return `Interrupted: ${read} read, ${failed} failed, ${report.open} still to do.`
  if (report.seen === 0) return 'No files were found.'
  if (read + failed + unstable === 0)
    return `Nothing to do: ${unchanged} files were read before and are unchanged.`
  return `Done: ${read} read, ${failed} failed, ${unchanged} unchanged.`
}

function outcomeLines({ outcomes, restored, unavailable, failedEarlier }: RunReport): string[] {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`)
  const lines = counts.length > 0 ? [`outcomes: ${counts.join(', ')}`] : []
  if (restored > 0)
    lines.push(`${restored} output files were missing or edited and have been written again`)
  if (unavailable > 0)
    lines.push(`${unavailable} could not be written in every format: the lines above say why`)
  if (failedEarlier > 0)
    lines.push(`${failedEarlier} failed in an earlier run; --retry-failed reads them again`)
  return lines
}

/** What a dry run found. */
export function formatDryRun({
  planned,
  unchanged,
  failedEarlier,
  unstable,
  restored,
  seen,
  failed,
}: Progress): string {
  return [
    '',
    '*** DRY RUN: nothing was read, nothing was written ***',
    `files seen            ${seen}`,
    `would be read         ${planned - failed}`,
    `cannot be read        ${failed}`,
    `unchanged             ${unchanged}`,
    `output to be restored ${restored}`,
    `failed earlier        ${failedEarlier}  (--retry-failed reads them again)`,
    `still being written   ${unstable}`,
  ].join('\n')
}

function table(title: string, rows: string[][]): string[] {
  if (rows.length === 0) return []
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
  return [`${title}:`, ...lines.map((line) => `  ${line}`)]
}

const pageOf = ({ path, page }: { path: string; page: number }): string =>
  `${showPath(path)}#${page}`
const percent = (share: number): string => `${Math.round(share * 100)} %`
const milliseconds = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
