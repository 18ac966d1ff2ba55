import { counters, fields, histograms } from '../../../shared/contract/measures.ts'
import type { Tally } from '../../ledger/queries/tallies.ts'

type Fields = ReadonlyMap<string, number>

/**
 * Sums that other processes have counted, as Prometheus text. Own code: a histogram of prom-client cannot be given its
 * values. Labels come from closed lists, and need no escaping.
 */
export const toPrometheusText = (measures: Fields, totals: readonly Tally[]): string =>
  [
    ...Object.entries(histograms).flatMap(([key, about]) => histogramLines(key, about, measures)),
    ...Object.entries(counters).flatMap(([key, { name, help, label, values }]) => [
      ...headOf(name, help, 'counter'),
      ...values.map((value) => {
        const count = measures.get(fields.counter(key, value)) ?? 0
        return `${name}{${label}="${value}"} ${count}`
      }),
    ]),
    ...(['document', 'page'] as const).flatMap((kind) => tallyLines(kind, totals)),
    '',
  ].join('\n')

const headOf = (name: string, help: string, type: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

type Histogram = (typeof histograms)[keyof typeof histograms]

function histogramLines(
  key: string,
  { name, help, label, values, buckets }: Histogram,
  measures: Fields,
): string[] {
  const linesOf = (value: string): string[] => {
    const labelled = `${label}="${value}"`
    let count = 0
    const bucketLines = [...buckets.map(String), '+Inf'].map((bound, index) => {
      count += measures.get(fields.bucket(key, value, index)) ?? 0
      return `${name}_bucket{${labelled},le="${bound}"} ${count}`
    })
    const seconds = (measures.get(fields.sum(key, value)) ?? 0) / 1e6
    return [
      ...bucketLines,
      `${name}_sum{${labelled}} ${seconds}`,
      `${name}_count{${labelled}} ${count}`,
    ]
  }
  return [...headOf(name, help, 'histogram'), ...values.flatMap(linesOf)]
}

const tallied = {
  document: { name: 'scriptorium_documents_total', help: 'Documents that ended, by outcome' },
  page: { name: 'scriptorium_pages_total', help: 'Pages recorded, by outcome' },
} as const

function tallyLines(kind: Tally['kind'], totals: readonly Tally[]): string[] {
  const { name, help } = tallied[kind]
  return [
    ...headOf(name, help, 'counter'),
    ...totals
      .filter((tally) => tally.kind === kind)
      .map(({ outcome, count }) => `${name}{outcome="${outcome}"} ${count}`),
  ]
}
