import type { ErrorCode } from '../../../shared/process/errors.ts'
import type { MaxFailures } from '../../../shared/contract/max-failures.ts'
import type { Pause } from '../../../shared/contract/pause.ts'

/** Result of one reading of a page, or of a document that could not be opened; each attempt is a reading. */
export interface ReadingOutcome {
  runId: string
  documentId: string
  page: number | null
  /** Null where it succeeded. */
  error: { code: string; message: string } | null
}

/** Failures by code: their number, and one example. */
type Failures = ReadonlyMap<string, { count: number; example: ReadingOutcome }>

/** The reason for a pause. */
export interface Trip {
  rule: Pause['rule']
  failures: number
  of: number
  codes: Failures
}

/**
 * Failures of the service: its engine, models, processes, time or storage. They hit whatever file comes next, and the
 * same file can be read once the cause is fixed. All other codes describe the file (`corrupt_image`,
 * `unsupported_type`, …): sixty Word files in a row do not indicate a broken service. Neither does `permission_denied`;
 * but if files of a folder that has just been walked are `not_found`, one after the other, its disk is gone. All
 * processes wait for Redis to recover, so its failures (`redis_unreachable`) count for neither.
 */
const serviceCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'engine_failed',
  'engine_crash',
  'engine_boot_failed',
  'worker_crash',
  'poison',
  'page_timeout',
  'decode_timeout',
  'decoder_failed',
  'recipe_mismatch',
  'unknown_language',
  'not_found',
  'configuration',
  'internal',
])

export const isOfService = (code: string): boolean => serviceCodes.has(code)

/** The share counts this many readings, from the start of a run. */
const opening = 200
/** Slow failures need not be many: this many in a row suffice where no reading succeeded for `slowMs`. */
const slowFailures = 10
const slowMs = 120_000

/**
 * Watches one run's readings, in the order in which they ended, and decides when to pause it. A failed attempt counts
 * although the page is retried: its next attempt comes behind all waiting pages, thousands of pages later.
 */
export function createBreaker({ inARow, share }: MaxFailures, now = () => performance.now()) {
  const first = createTally()
  const crashed = new Set<string>()
  let row = createTally()
  let readings = 0
  let lastReadAt = now()

  /** A document that crashed workers is set aside, and each of its pages fails because of that: it counts once. */
  const isOldCrash = ({ documentId }: ReadingOutcome, { code }: { code: string }): boolean => {
    if (code !== 'worker_crash' && code !== 'poison') return false
    const isKnown = crashed.has(documentId)
    crashed.add(documentId)
    return isKnown
  }

  /** Returns the reason for a pause, once there is one. */
  return (reading: ReadingOutcome): Trip | undefined => {
    const { error } = reading
    if (error !== null && (!isOfService(error.code) || isOldCrash(reading, error))) return undefined
    readings += 1
    if (error === null) {
      row = createTally()
      lastReadAt = now()
      return undefined
    }
    const failed = row.add(reading, error.code)
    const isLong = failed >= Math.min(slowFailures, inARow) && now() - lastReadAt >= slowMs
    if (inARow > 0 && (failed >= inARow || isLong)) {
      return { rule: 'in_a_row', failures: failed, of: failed, codes: row.codes }
    }
    if (readings > opening) return undefined
    const failures = first.add(reading, error.code)
    return failures > share * opening
      ? { rule: 'share', failures, of: readings, codes: first.codes }
      : undefined
  }
}

export type Breaker = ReturnType<typeof createBreaker>

/** Counts failures by code. */
export function createTally() {
  const codes = new Map<string, { count: number; example: ReadingOutcome }>()
  let total = 0
  return {
    codes: codes as Failures,
    /** Returns their present number. */
    add(example: ReadingOutcome, code: string): number {
      total += 1
      codes.set(code, { count: (codes.get(code)?.count ?? 0) + 1, example })
      return total
    },
  }
}
