import type { Injected } from './nemesis/nemesis.ts'
import { chaosFindingKinds, type ChaosFinding } from './history/findings.ts'

interface Totals {
  rounds: number
  minutes: number
  documents: number
  injected: readonly Injected[]
  findings: readonly ChaosFinding[]
  restMs: readonly number[]
}

/** A campaign in a few lines: injected faults, findings, recovery times. */
export function formatCampaign({ injected, findings, ...totals }: Totals): string[] {
  const { rounds, minutes, documents, restMs } = totals
  const counts = chaosFindingKinds.map(
    (kind) => `${findings.filter((found) => found.kind === kind).length} ${kind}`,
  )
  const byName = Map.groupBy(injected, ({ name }) => name)
  return [
    'Recovery: from the heal until every document in progress at the fault is final, seconds.',
    ...[...byName].toSorted(([a], [b]) => a.localeCompare(b)).map(formatKind),
    `At rest after the last heal of a round: ${formatTimes(restMs)}.`,
    `${rounds} rounds in ${minutes.toFixed(1)} min, ${documents} documents, ` +
      `${injected.length} faults of ${byName.size} kinds, ` +
      `${(injected.length / minutes).toFixed(1)} a minute: ${counts.join(', ')}.`,
  ]
}

function formatKind([name, all]: [string, Injected[]]): string {
  const times = all.flatMap(({ recoveryMs }) => recoveryMs ?? [])
  return `  ${name.padEnd(32)} ${String(all.length).padStart(3)}x  ${formatTimes(times)}`
}

function formatTimes(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const [median, worst] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  if (median === undefined || worst === undefined) return 'not measured'
  return `median ${(median / 1_000).toFixed(1)}, worst ${(worst / 1_000).toFixed(1)}`
}
