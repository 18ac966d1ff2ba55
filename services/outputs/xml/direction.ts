import type { Baseline, Line } from '../../../shared/contract/result/layout.ts'

/** Direction of a line, degrees counter-clockwise from left to right: 90 is from the bottom to the top; -180 to 180. */
function angleOf({ x0, y0, x1, y1 }: Baseline): number {
  return x0 === x1 && y0 === y1 ? 0 : (Math.atan2(y0 - y1, x1 - x0) * 180) / Math.PI
}

/** The same in quarter turns: 0, 90, 180 or 270. */
export const quarterOf = (baseline: Baseline): number =>
  (Math.round(angleOf(baseline) / 90) * 90 + 360) % 360

const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const leftToRight = /\p{L}/u

/** Whether a text's script is written from right to left, according to its first letter. */
export function isRightToLeft(text: string): boolean {
  const letter = leftToRight.exec(text)?.[0]
  return letter !== undefined && rightToLeft.test(letter)
}

const length = ({ baseline: { x0, y0, x1, y1 } }: Line): number => Math.hypot(x1 - x0, y1 - y0)

/** Rotation of a paragraph's lines, taken from its longest line; degrees counter-clockwise, rounded to 0.01. */
export function tiltOf(lines: readonly Line[]): number {
  const longest = lines.toSorted((a, b) => length(b) - length(a))[0]
  const angle = longest === undefined ? 0 : angleOf(longest.baseline)
  return Math.round(angle * 100) / 100 + 0
}

/** The BCP 47 tag of a Tesseract language (`eng` is `en`); undefined for scripts and others without one. */
export function languageTag(language: string | undefined): string | undefined {
  const code = /^[a-z]{3}/.exec(language ?? '')?.[0]
  return code === undefined ? undefined : Intl.getCanonicalLocales(code)[0]
}
