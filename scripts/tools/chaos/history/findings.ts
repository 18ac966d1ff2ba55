/** Ways to break a promise. */
export const chaosFindingKinds = [
  'lost',
  'doubled',
  'differing',
  'failed',
  'hanging',
  'orphans',
  'answers',
  'exits',
  'bounds',
] as const

type FindingKind = (typeof chaosFindingKinds)[number]

/** One broken promise, named so that it can be found in history and logs. */
export interface ChaosFinding {
  kind: FindingKind
  about: string
}

const maxLines = 12
/** The part of a message that identifies one document, page or file. */
const anyId = /\b(upload )?[dr][0-9a-f]{24,}\b( \(\S+\))?|\S*\d{4,}\S*/g

export const finding = (kind: FindingKind, about: string): ChaosFinding => ({ kind, about })

/** The findings in a few lines, with equal ones counted. */
export function formatChaosFindings(findings: readonly ChaosFinding[]): string[] {
  const counts = Map.groupBy(
    findings,
    ({ kind, about }) => `${kind}: ${about.replaceAll(anyId, '…')}`,
  )
  const lines = [...counts].map(([line, { length }]) => (length > 1 ? `${length} x ${line}` : line))
  const more = lines.length - maxLines
  return more > 0 ? [...lines.slice(0, maxLines), `and ${more} more: see the history`] : lines
}
