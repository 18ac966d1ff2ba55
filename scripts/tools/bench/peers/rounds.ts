import { median } from '../../common/statistics.ts'

/** Result of one system in one round. Times are seconds, F and CER percent. */
export interface Measurement {
  system: string
  round: number
  /** The reason where it did not process all pages. */
  fault?: string
  f1: number
  cer: number
  seconds: number
  /**
   * According to the run's report, without the start and the end of its processes; undefined for systems without a
   * report.
   */
  reportedSeconds?: number
  cpuSeconds: number
  peakBytes: number
  /** Pages without a text. */
  failures: number
}

/** A system's medians over the rounds, and the medians of each round's ratios to the base of that round. */
export interface Summary extends Omit<Measurement, 'round' | 'fault'> {
  pagesPerSecond: number
  cpuSecondsPerPage: number
  /** Its time divided by the base's. */
  times: number
  /** According to the run's report, divided by the base's whole command. */
  reportedTimes?: number
  /** Its F minus the base's. */
  f1Gain: number
}

/**
 * The order of a round: it starts with another system each time, and every other round is reversed, so that no two
 * systems always follow each other.
 */
export function orderOf<T>(systems: readonly T[], round: number, rounds: number): T[] {
  const step = Math.max(1, Math.round(systems.length / rounds))
  const start = (step * (round - 1)) % systems.length
  const turned = [...systems.slice(start), ...systems.slice(0, start)]
  return round % 2 === 0 ? turned.toReversed() : turned
}

const reported = ({ reportedSeconds }: Measurement): number => reportedSeconds ?? Number.NaN

/** Summarises the rounds of each system, in the order of their first appearance among `names`. */
export function summarise(
  measurements: readonly Measurement[],
  names: readonly string[],
  base: string,
  pages: number,
): Summary[] {
  const baseOf = new Map(
    measurements.filter(({ system }) => system === base).map((one) => [one.round, one]),
  )
  return names.map((system) => {
    const own = measurements.filter((one) => one.system === system)
    const middle = (value: (one: Measurement) => number): number => median(own.map(value))
    const against = (value: (one: Measurement, other: Measurement) => number): number =>
      median(
        own.flatMap((one) => {
          const other = baseOf.get(one.round)
          return other === undefined ? [] : [value(one, other)]
        }),
      )
    const seconds = middle((one) => one.seconds)
    const cpuSeconds = middle((one) => one.cpuSeconds)
    const hasReports = own.every(({ reportedSeconds }) => reportedSeconds !== undefined)
    return {
      system,
      f1: middle(({ f1 }) => f1),
      cer: middle(({ cer }) => cer),
      seconds,
      ...(hasReports && {
        reportedSeconds: middle(reported),
        reportedTimes: against((one, other) => reported(one) / other.seconds),
      }),
      cpuSeconds,
      peakBytes: middle(({ peakBytes }) => peakBytes),
      failures: Math.max(...own.map(({ failures }) => failures)),
      pagesPerSecond: pages / seconds,
      cpuSecondsPerPage: cpuSeconds / pages,
      times: against((one, other) => one.seconds / other.seconds),
      f1Gain: against((one, other) => one.f1 - other.f1),
    }
  })
}
