import { median } from '../../common/statistics.ts'
import { align, show } from '../../common/table.ts'
import type { Figure, PartFinding } from './setting.ts'

type Verdict = 'met' | 'missed' | '-'

/** Compares a figure's median with its target. */
export function verdictOf({ values, target }: Figure): Verdict {
  if (target === undefined) return '-'
  const value = median(values)
  const isMet = 'min' in target ? value >= target.min : value <= target.max
  return isMet ? 'met' : 'missed'
}

/** The figures of all parts as lines of text, followed by each part's remarks. */
export function formatFigures(findings: ReadonlyMap<string, PartFinding>): string[] {
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
