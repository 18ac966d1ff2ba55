import type { Baseline, Line } from '../../../shared/contract.ts'

/** Which way a line runs, degrees counter-clockwise from left to right: 90 is from the bottom to the top; -180 to 180. */
export function angleOf({ x0, y0, x1, y1 }: Baseline): number {
  return x0 === x1 && y0 === y1 ? 0 : (Math.atan2(y0 - y1, x1 - x0) * 180) / Math.PI
}

/** The same in quarters of a turn: 0, 90, 180 or 270. */
export const quarterOf = (baseline: Baseline): number =>
  (Math.round(angleOf(baseline) / 90) * 90 + 360) % 360

const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const leftToRight = /\p{L}/u

/** Whether a text is of a script that is written from right to left: its first letter tells. */
export function isRightToLeft(text: string): boolean {
  const letter = leftToRight.exec(text)?.[0]
  return letter !== undefined && rightToLeft.test(letter)
}

const length = ({ baseline: { x0, y0, x1, y1 } }: Line): number => Math.hypot(x1 - x0, y1 - y0)

/** How much the lines of a paragraph are turned, by its longest line; degrees counter-clockwise, rounded to 0.01. */
export function tiltOf(lines: readonly Line[]): number {
  const longest = lines.toSorted((a, b) => length(b) - length(a))[0]
  const angle = longest === undefined ? 0 : angleOf(longest.baseline)
  return Math.round(angle * 100) / 100 + 0
}

/** The BCP 47 tag of a Tesseract language (`eng` is `en`); undefined for scripts and what else has none. */
export function languageTag(language: string | undefined): string | undefined {
  const code = /^[a-z]{3}/.exec(language ?? '')?.[0]
  return code === undefined ? undefined : Intl.getCanonicalLocales(code)[0]
}
