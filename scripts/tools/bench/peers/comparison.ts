import { align } from '../../common/table.ts'
import type { Figure } from '../run/setting.ts'
import type { Entrant } from './compare.ts'
import type { Measurement, Summary } from './rounds.ts'

const fixed = (value: number | undefined, digits: number): string =>
  value === undefined ? '' : value.toFixed(digits)
const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(1)}`

/** Figures are right-aligned, names left-aligned. */
function toRight(rows: readonly string[][]): string[][] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row.map((cell, column) => {
      const isName = column === 0 || column === row.length - 1
      return isName ? cell : cell.padStart(widths?.[column] ?? 0)
    }),
  )
}

/** A row of figures for each system. */
export function formatSummaries(
  summaries: readonly Summary[],
  entrants: readonly Entrant[],
  base: string,
): string[] {
  const versions = new Map(entrants.map(({ system, version }) => [system.name, version]))
  const rows = summaries.map((row) => [
    row.system,
    fixed(row.f1, 1),
    fixed(row.cer, 1),
    fixed(row.pagesPerSecond, 2),
    fixed(row.seconds, 1),
    fixed(row.reportedSeconds, 1),
    fixed(row.cpuSecondsPerPage, 2),
    fixed(row.peakBytes / 1e6, 0),
    fixed(row.times, 2),
    fixed(row.reportedTimes, 2),
    signed(row.f1Gain),
    String(row.failures),
    versions.get(row.system) ?? '',
  ])
  const header = [
    ['system', 'F', 'CER', 'pages/s', 'seconds', 'by report', 'CPU s/page', 'peak MB'],
    ['x time', 'by report', '+ F', 'no text', 'version'],
  ].flat()
  return [
    ...align(toRight([header, ...rows])),
    '',
    `F: word F1 in any order, mean over the sets, %. CER: character error rate, %. Medians of the rounds.`,
    `seconds: the whole command, start and end included; by report: as the run's own report has it (ours alone writes one).`,
    `CPU: user and system time of all its processes. peak MB: the most memory at one moment, shared pages counted once (PSS).`,
    `x time, + F: against ${base} in the same round. no text: pages it failed on or refused, counted as empty.`,
  ]
}

/** The three named points of the targets, compared with the base of the same round. */
const targets = [
  { system: 'Scriptorium fast', gain: 0, times: 1, f1: undefined },
  { system: 'Scriptorium balanced', gain: 4, times: 1.5, f1: 86 },
  { system: 'Scriptorium best', gain: undefined, times: 3, f1: 89 },
  { system: 'Scriptorium balanced (native)', gain: undefined, times: 1.2, f1: undefined },
]

/** Our figures compared with their targets; one value per round. Targets of F apply to the reference pages only. */
export function figuresOf(
  measurements: readonly Measurement[],
  base: string,
  isReference: boolean,
): Figure[] {
  const of = (system: string): Measurement[] => measurements.filter((one) => one.system === system)
  const against = (
    system: string,
    value: (one: Measurement, other: Measurement) => number,
  ): number[] =>
    of(system).flatMap((one) => {
      const other = of(base).find(({ round }) => round === one.round)
      return other === undefined ? [] : [value(one, other)]
    })
  return targets
    .filter(({ system }) => system !== base && of(system).length > 0)
    .flatMap(({ system, gain, times, f1 }): Figure[] => [
      {
        name: `${system}: F`,
        values: of(system).map((one) => one.f1),
        unit: '%',
        ...(isReference && f1 !== undefined && { target: { min: f1 } }),
      },
      {
        name: `${system}: F less that of ${base}`,
        values: against(system, (one, other) => one.f1 - other.f1),
        unit: 'points',
        ...(gain !== undefined && { target: { min: gain } }),
      },
      {
        name: `${system}: time over that of ${base}`,
        values: against(system, (one, other) => one.seconds / other.seconds),
        unit: '',
        target: { max: times },
      },
    ])
}
