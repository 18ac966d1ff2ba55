import { printableName } from '../../../../shared/process/printable.ts'
import { exitCodes } from '../../../../shared/process/errors.ts'
import { warningCodes, type WarningCode } from '../../../../shared/contract/result/page.ts'
import { failedOutcomes } from '../../../../shared/contract/result/outcomes.ts'
import type { Progress } from '../../../../shared/contract/messages/progress.ts'
import type { Pause } from '../../../../shared/contract/pause.ts'
import type { RunReport } from '../../../../shared/contract/report.ts'
import { counted } from '../../counted.ts'
import { estimateLines, formatSeconds } from './view.ts'

/** Counts of the outcomes by kind. */
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

/** The exit code for a run's report. */
export function exitCodeOf(report: RunReport): number {
  if (report.state === 'paused') return exitCodes.paused
  // Cancelled documents were not read either, and the same command reads them.
  if (report.state !== 'finished') return exitCodes.interrupted
  const { read, unchanged, failed, failedEarlier, unstable } = tally(report)
  const unsettled = report.unsettled?.count ?? 0
  const leftOut = report.leftOut?.length ?? 0
  if (failed + failedEarlier + unstable + report.unavailable + unsettled + leftOut === 0)
    return exitCodes.done
  const some = read + unchanged + unstable + (report.outcomes['partial'] ?? 0)
  return some === 0 ? exitCodes.allFailed : exitCodes.someFailed
}

/** The end of a run as people read it. */
export function formatSummary(report: RunReport): string {
  const { pagesRead, seconds, pagesPerSecond, pageMs, workers } = report
  const lines = ['', headline(report), ...outcomeLines(report)]
  if (pagesRead > 0) {
    lines.push(
      `${counted(pagesRead, 'page')} in ${formatSeconds(seconds)}: ${pagesPerSecond} pages/s; ` +
        `page time p50 ${milliseconds(pageMs.p50)}, p95 ${milliseconds(pageMs.p95)}`,
    )
    lines.push(
      ...table(
        'worker',
        workers.map(({ worker, pages, share, utilisation }) => [
          worker,
          counted(pages, 'page'),
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
    return `Interrupted: ${read} read, ${failed} failed, ${report.open} left.`
  if (report.pause !== undefined) return pauseLines(report, report.pause)
  if (report.state === 'cancelled') return `Cancelled: ${read} read, ${failed} failed.`
  if ((report.unsettled?.count ?? 0) > 0)
    return `Done: ${read} read, ${failed} failed, ${unchanged} unchanged, ${report.unsettled?.count} without an outcome.`
  if (report.seen === 0) return 'No files found.'
  if (read + failed + unstable + (report.existing ?? 0) === 0)
    return unchanged === 1
      ? 'Nothing to do: 1 file was read earlier and is unchanged.'
      : `Nothing to do: ${unchanged} files were read earlier and are unchanged.`
  return `Done: ${read} read, ${failed} failed, ${unchanged} unchanged.`
}

function pauseLines(report: RunReport, { message, cure }: Pause): string {
  const { read, failed } = tally(report)
  return [
    `Paused: ${message}`,
    `${read} read, ${failed} failed, ${report.open} left. Files that failed for this reason are read again.`,
    `Cure: ${cure}`,
    `Then repeat the command to continue. For a run of the API: POST /v1/runs/${report.runId}/resume.`,
  ].join('\n')
}

function outcomeLines(report: RunReport): string[] {
  const {
    outcomes,
    restored,
    unavailable,
    existing = 0,
    failedEarlier,
    leftOut = [],
    warned,
  } = report
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`)
  const lines = counts.length > 0 ? [`outcomes: ${counts.join(', ')}`] : []
  if (restored > 0) lines.push(`${counted(restored, 'missing or edited output file')} rewritten`)
  if (unavailable > 0)
    lines.push(`${unavailable} could not be written in every format: see the lines above`)
  for (const { name, code, message } of leftOut)
    lines.push(`${name} could not be written: ${code}: ${message}`)
  if (existing > 0)
    lines.push(
      `${existing} skipped: files that Scriptorium did not write have the names of their output`,
    )
  if (warned !== undefined && warned.count > 0) lines.push(...warnedLines(warned))
  if (failedEarlier > 0)
    lines.push(`${failedEarlier} failed in an earlier run; --retry-failed reads them again`)
  return lines
}

const maxWarnedShown = 5
const warningTexts: Readonly<Record<WarningCode, (count: number) => string>> = {
  text_missed: (count) => `text missed in ${count}`,
  low_confidence: (count) => `low confidence in ${count} (is it the right language?)`,
  reading_given_up: (count) => `a reading given up in ${count} (--retry-warned reads it again)`,
  pictures_unread: (count) => `pictures unread in ${count}`,
  pages_missing: (count) => `fewer pages than announced in ${count}`,
  correction_kept: (count) => `a person's correction kept in ${count}`,
  correction_dropped: (count) =>
    `a person's correction replaced in ${count}, as the file has changed (its text is in the revisions)`,
}

function warnedLines({ count, codes, paths }: NonNullable<RunReport['warned']>): string[] {
  const reasons = warningCodes.flatMap((code) => {
    const number = codes[code] ?? 0
    return number > 0 ? [warningTexts[code](number)] : []
  })
  const shown = paths.slice(0, maxWarnedShown)
  const more = count > shown.length ? [`  … and ${count - shown.length} more`] : []
  return [
    `${counted(count, 'document')} with warnings: ${reasons.join(', ')}`,
    ...shown.map((path) => `  ${printableName(path)}`),
    ...more,
  ]
}

/** Names the documents that a finished run has no outcome of: mostly none. */
export function unsettledLines({ unsettled }: RunReport): string[] {
  if (unsettled === undefined || unsettled.count === 0) return []
  const { count, paths } = unsettled
  const more = count > paths.length ? [`  … and ${count - paths.length} more`] : []
  return [
    `${counted(count, 'file')} without an outcome in the ledger; repeat the command to read them:`,
    ...paths.map((path) => `  ${printableName(path)}`),
    ...more,
  ]
}

/** The result of a dry run. */
export function formatDryRun({
  planned,
  unchanged,
  failedEarlier,
  unstable,
  existing,
  restored,
  seen,
  failed,
  estimate,
}: Progress): string {
  return [
    '',
    '*** DRY RUN: no file was read or written ***',
    `files seen            ${seen}`,
    `would be read         ${planned - failed}`,
    `cannot be read        ${failed}`,
    `unchanged             ${unchanged}`,
    `output to be restored ${restored}`,
    `failed earlier        ${failedEarlier}  (--retry-failed reads them again)`,
    `still being written   ${unstable}`,
    ...(existing > 0 ? [`output exists         ${existing}  (unchanged)`] : []),
    estimate === undefined
      ? 'time and disk         unknown: no run has used this recipe yet (--canary 20 gives an early estimate)'
      : estimateLines(estimate).join('\n'),
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
  `${printableName(path)}#${page}`
const percent = (share: number): string => `${Math.round(share * 100)} %`
const milliseconds = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
