import { Type, type Static } from '@sinclair/typebox'

/**
 * When a run pauses automatically: after this many failures in a row, or when more than this share of its first
 * readings fail.
 */
export const maxFailuresSchema = Type.Object(
  {
    /** 0 disables this limit. */
    inARow: Type.Integer({ minimum: 0 }),
    /** 0 to 1; 1 disables this limit. */
    share: Type.Number({ minimum: 0, maximum: 1 }),
  },
  { additionalProperties: false },
)
export type MaxFailures = Static<typeof maxFailuresSchema>

/**
 * In a healthy service, failures of these kinds are rare: only a broken one fails fifty pages in a row, and fifty pages
 * cost seconds. Half of the first readings: a page is tried three times, so a tenth of the pages would be lost.
 */
export const defaultMaxFailures: MaxFailures = { inARow: 50, share: 0.5 }
const neverPause: MaxFailures = { inARow: 0, share: 1 }

export const maxFailuresPattern = String.raw`^(\d{1,9}|\d{1,2}%|100%|\d{1,9},(\d{1,2}|100)%)$`

/**
 * Parses `N`, `P%` or `N,P%`: a missing part keeps its default, and 0 alone disables both limits. Returns undefined for
 * other text.
 */
export function parseMaxFailures(text: string): MaxFailures | undefined {
  if (!new RegExp(maxFailuresPattern).test(text)) return undefined
  if (text === '0') return neverPause
  const parts = text.split(',')
  const percent = parts.find((part) => part.endsWith('%'))
  const count = parts.find((part) => !part.endsWith('%'))
  return {
    inARow: count === undefined ? defaultMaxFailures.inARow : Number(count),
    share: percent === undefined ? defaultMaxFailures.share : Number(percent.slice(0, -1)) / 100,
  }
}
