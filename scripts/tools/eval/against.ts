import { comparableWord } from '../accuracy/text-accuracy.ts'
import type { PageScore, Scoring } from '../accuracy/scoring.ts'
import { align } from '../common/table.ts'
import { mean, median } from '../common/statistics.ts'
import { setOf } from '../accuracy/truth-pages.ts'

/** A page's F beside that of plain Tesseract, in percent. */
interface ComparedPage {
  path: string
  f1: number
  plainF1: number
}

interface Gain {
  /** Pages with text that both could open. */
  pages: number
  /** Median of the differences of F, ours minus plain. */
  medianGain: number
  /** Lowest difference of a page. */
  minGain: number
}

interface ComparedSet extends Gain {
  set: string
  /** Means of the pages, in percent. */
  f1: number
  plainF1: number
  /** Number of pages that read worse than plain by more than `tolerance`. */
  worse: number
}

export interface Comparison extends Gain {
  sets: ComparedSet[]
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
  const sets = [...Map.groupBy(compared, ({ path }) => setOf(path))].map(([set, pages]) => ({
    set,
    f1: mean(pages.map(({ f1 }) => f1)),
    plainF1: mean(pages.map(({ plainF1 }) => plainF1)),
    ...gainOf(pages),
    worse: pages.filter(isWorse).length,
  }))
  return {
    ...gainOf(compared),
    sets,
    worse: compared
      .filter(isWorse)
      .toSorted((a, b) => gain(a) - gain(b) || a.path.localeCompare(b.path)),
  }
}

const isWorse = (page: ComparedPage): boolean => gain(page) < -tolerance

function gainOf(pages: readonly ComparedPage[]): Gain {
  const gains = pages.map(gain)
  if (gains.length === 0) return { pages: 0, medianGain: 0, minGain: 0 }
  return { pages: gains.length, medianGain: median(gains), minGain: Math.min(...gains) }
}

/** Words of a text that hold a letter or a digit. On a page without print, each is invented. */
export const wordsIn = (text: string): string[] =>
  text.split(/\s+/u).filter((word) => comparableWord(word) !== '')

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(1)}`
const cell = (text: string | number): string => String(text).padStart(6)

/** The comparison, with a line for every set, where there are several, and for every page that is worse. */
export function formatComparison({ pages, medianGain, sets, worse }: Comparison): string[] {
  return [
    `against plain tesseract, ${pages} pages: median difference of F ${signed(medianGain)}; worse by more than ${tolerance}: ${worse.length}`,
    ...(sets.length < 2
      ? []
      : align([
          ['  set', ...['pages', 'plain', 'F', 'median', 'worst', 'worse'].map(cell)],
          ...sets.map((row) => [
            `  ${row.set}`,
            cell(row.pages),
            cell(row.plainF1.toFixed(1)),
            cell(row.f1.toFixed(1)),
            cell(signed(row.medianGain)),
            cell(signed(row.minGain)),
            cell(row.worse),
          ]),
        ])),
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
