/** Measured by workers and the aggregator, exported by the API: closed lists, so that their number is bounded. */

/** A page's way: it waits on the queue, is opened, prepared and recognised; the files of its document are written. */
export const pageStages = ['queue', 'open', 'prepare', 'recognise', 'write'] as const
export type Stage = (typeof pageStages)[number]

const engineLabels = ['tesseract.js', 'native', 'neural', 'other'] as const
/** Engines of a path are one: paths would be labels without a bound. */
export const engineLabelOf = (name: string): (typeof engineLabels)[number] =>
  engineLabels.find((label) => label === name) ?? 'other'

const retryLabels = [
  'unstable',
  'page_timeout',
  'decode_timeout',
  'decoder_failed',
  'engine_failed',
  'engine_crash',
  'engine_boot_failed',
  'other',
] as const
export const retryLabelOf = (code: string): (typeof retryLabels)[number] =>
  retryLabels.find((label) => label === code) ?? 'other'

/** Why a worker unloads an engine while it serves. */
const replacementReasons = ['failed', 'pages', 'memory', 'another recipe'] as const
export type ReplacementReason = (typeof replacementReasons)[number]

/** Upper bounds of the buckets, seconds. */
export const histograms = {
  stage: {
    name: 'scriptorium_stage_seconds',
    help: 'Time of a page in a stage; of write, time of a document',
    label: 'stage',
    values: pageStages,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200],
  },
  reading: {
    name: 'scriptorium_reading_seconds',
    help: 'Time of one reading of a page, by engine',
    label: 'engine',
    values: engineLabels,
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
  commit: {
    name: 'scriptorium_ledger_commit_seconds',
    help: 'Time of a transaction that records results',
    label: 'of',
    values: ['results'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
} as const

export const counters = {
  replacement: {
    name: 'scriptorium_engine_replacements_total',
    help: 'Engines that workers unloaded while they served, by reason',
    label: 'reason',
    values: replacementReasons,
  },
  retry: {
    name: 'scriptorium_retries_total',
    help: 'Failed attempts that are repeated, by error code',
    label: 'code',
    values: retryLabels,
  },
} as const

export type HistogramKey = keyof typeof histograms
export type CounterKey = keyof typeof counters
export type HistogramLabel<K extends HistogramKey> = (typeof histograms)[K]['values'][number]
export type CounterLabel<K extends CounterKey> = (typeof counters)[K]['values'][number]

/** Fields of the hash in Redis. `bucket` is an index, the last one is that of larger values. */
export const fields = {
  counter: (key: string, label: string) => `${key}|${label}`,
  bucket: (key: string, label: string, bucket: number) => `${key}|${label}|${bucket}`,
  /** Microseconds: integers add up without rounding. */
  sum: (key: string, label: string) => `${key}|${label}|sum`,
}
