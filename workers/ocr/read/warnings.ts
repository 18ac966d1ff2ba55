import type { PageWarning } from '../../../shared/contract/result/page.ts'
import { countLetters } from '../prepare/letters/lines.ts'
import type { PageSurvey } from '../prepare/survey.ts'
import type { Bare } from './coverage.ts'
import { poor } from './credible.ts'
import type { Score } from './score.ts'

export const readingGivenUp = (name: string, code: string, message: string): PageWarning => ({
  code: 'reading_given_up',
  message: `the further reading '${name}' was given up (${code}: ${message}); with more time the text may be better`,
})

/** A smaller share is single words, and noise that forms lines. */
const minMissed = 0.05

/** The dots of a picture make fewer letters in lines by chance: they are no text. */
const minTelling = 20

/** Warnings of a page's text, by its words and by the letters without one. */
export function warningsOf(
  { words, share }: Score,
  bare: Bare,
  { hasLines, lines }: PageSurvey,
): PageWarning[] {
  const warnings: PageWarning[] = []
  const haveLetters = hasLines || countLetters(lines) >= minTelling
  if (haveLetters && bare.share >= minMissed) {
    const message = `${percent(bare.share)} of the letters in lines have no word: printed text is missing`
    warnings.push({ code: 'text_missed', message })
  }
  if (words > 0 && share < poor) {
    const message = `only ${percent(share)} of the words are expected to be right: check the language, or scan the page again`
    warnings.push({ code: 'low_confidence', message })
  }
  return warnings
}

const percent = (share: number): string => `${Math.round(share * 100)} %`
