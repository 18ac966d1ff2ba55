import type { Figure, Finding } from './run/setting.ts'
import { median } from './statistics.ts'

type Verdict = 'met' | 'missed' | '-'

/** Compares a figure's median with its target. */
export function verdictOf({ values, target }: Figure): Verdict {
  if (target === undefined) return '-'
  const value = median(values)
  const isMet = 'min' in target ? value >= target.min : value <= target.max
  return isMet ? 'met' : 'missed'
}

/** The figures of all parts as lines of text, followed by each part's remarks. */
export function formatFindings(findings: ReadonlyMap<string, Finding>): string[] {
  const rows = [...findings].flatMap(([part, finding]) =>
    finding.kind === 'measured' ? finding.figures.map((figure) => toRow(part, figure)) : [],
  )
  const header = ['part', 'figure', 'median', 'range', 'target', 'verdict', '']
  const remarks = [...findings].flatMap(([part, finding]) => {
    if (finding.kind === 'skipped') return ['', `${part}: skipped: ${finding.reason}`]
    return finding.remarks === undefined ? [] : ['', `${part}:`, ...finding.remarks]
  })
  return [...(rows.length > 0 ? align([header, ...rows]) : []), ...remarks]
}

function toRow(part: string, figure: Figure): string[] {
  const { name, values, unit, target, note = '' } = figure
  const [lowest, highest] = [Math.min(...values), Math.max(...values)]
  return [
    part,
    name,
    `${show(median(values))}${unit === '' ? '' : ` ${unit}`}`,
    values.length > 1 ? `${show(lowest)}..${show(highest)}` : '',
    target === undefined ? '' : 'min' in target ? `>= ${target.min}` : `<= ${target.max}`,
    verdictOf(figure),
    note,
  ]
}

/** Three significant digits; integers unchanged. */
function show(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/** Rows of cells as lines with aligned columns. */
export function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Bars on one scale, one per line. */
export function drawBars(
  bars: readonly { label: string; value: number }[],
  unit: string,
  width = 40,
): string[] {
  const longest = Math.max(...bars.map(({ label }) => label.length))
  const highest = Math.max(...bars.map(({ value }) => value))
  return bars.map(({ label, value }) => {
    const bar = '█'.repeat(Math.round((width * value) / highest))
    return `  ${label.padEnd(longest)}  ${bar} ${show(value)} ${unit}`
  })
}
