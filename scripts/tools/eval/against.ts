import { comparableWord } from '../accuracy/text-accuracy.ts'
import type { PageScore, Scoring } from '../accuracy/scoring.ts'
import { align } from '../common/table.ts'
import { median } from '../common/statistics.ts'

/** A page's F beside that of plain Tesseract, in percent. */
interface ComparedPage {
  path: string
  f1: number
  plainF1: number
}

export interface Comparison {
  /** Pages with text that both could open. */
  pages: number
  /** Median of the differences of F, ours minus plain. */
  medianGain: number
  /** Pages that read worse than plain by more than `tolerance`, the worst first. */
  worse: ComparedPage[]
}

/** A page counts as worse below this difference of F. */
const tolerance = 1

const gain = ({ f1, plainF1 }: ComparedPage): number => f1 - plainF1

/** Compares the scores of the same pages. Pages without printed words, and pages that plain cannot open, do not count. */
export function comparePages(
  ours: Scoring,
  plain: Scoring,
  hasWords: (path: string) => boolean,
): Comparison {
  const byPath = new Map(plain.pages.map((page) => [page.path, page]))
  const compared = ours.pages.flatMap(({ path, f1 }): ComparedPage[] => {
    const other: PageScore | undefined = byPath.get(path)
    if (other === undefined || other.isMissing || !hasWords(path)) return []
    return [{ path, f1, plainF1: other.f1 }]
  })
  return {
    pages: compared.length,
    medianGain: compared.length === 0 ? 0 : median(compared.map(gain)),
    worse: compared
      .filter((page) => gain(page) < -tolerance)
      .toSorted((a, b) => gain(a) - gain(b) || a.path.localeCompare(b.path)),
  }
}

/** Words of a text that hold a letter or a digit. On a page without print, each is invented. */
export const wordsIn = (text: string): string[] =>
  text.split(/\s+/u).filter((word) => comparableWord(word) !== '')

/** The comparison, with a line for every page that is worse. */
export function formatComparison({ pages, medianGain, worse }: Comparison): string[] {
  const sign = medianGain < 0 ? '' : '+'
  return [
    `against plain tesseract, ${pages} pages: median difference of F ${sign}${medianGain.toFixed(1)}; worse by more than ${tolerance}: ${worse.length}`,
    ...(worse.length === 0
      ? []
      : align([
          ['  page', '    F', 'plain'],
          ...worse.map(({ path, f1, plainF1 }) => [
            `  ${path}`,
            f1.toFixed(1).padStart(5),
            plainF1.toFixed(1).padStart(5),
          ]),
        ])),
  ]
}

/** The words read on pages without print, with a line for each such page. */
export function formatInvented(found: readonly { path: string; words: string[] }[]): string[] {
  const pages = found.filter(({ words }) => words.length > 0)
  const count = pages.reduce((sum, { words }) => sum + words.length, 0)
  return [
    `${found.length} pages without print: ${count} invented words`,
    ...pages.map(({ path, words }) => `  ${path}: ${words.slice(0, 20).join(' ')}`),
  ]
}
