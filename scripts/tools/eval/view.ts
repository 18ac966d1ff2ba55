import { readFileSync } from 'node:fs'
import type { PageSet } from '../accuracy/page-set.ts'
import { align } from '../common/table.ts'
import { readText, type PageScore, type Accuracy, type Scoring } from '../accuracy/scoring.ts'
import { truthFile } from '../accuracy/truth-pages.ts'
import { diffWords, formatChanges, shorten, type Paint } from './word-diff.ts'

interface Options {
  worst: number
  /** Maximum number of lines of one page's difference. */
  lines: number
  width: number
  paint: Paint
}

const cells = ({ f1, cer }: Accuracy): string[] => [
  f1.toFixed(1).padStart(5),
  cer.toFixed(1).padStart(5),
]
const missingNote = (value: number): string => (value === 0 ? '' : `${value} without a text`)
const count = (value: number): string => String(value).padStart(5)

/** The scores of each set, and of all, as a table. */
export function formatScores({ sets, total }: Scoring): string[] {
  const name = sets.length === 1 ? 'all pages' : `mean over ${sets.length} sets`
  return align([
    ['set', 'pages', '    F', '  CER', ''],
    ...sets.map((row) => [row.set, count(row.pages), ...cells(row), missingNote(row.missing)]),
    [name, count(total.pages), ...cells(total), missingNote(total.missing)],
  ])
}

/** The pages with the lowest F, each with its differences. Pages without errors are omitted. */
export function formatWorst(
  { root }: PageSet,
  folder: string,
  { pages }: Scoring,
  options: Options,
): string[] {
  const worst = pages
    .filter(({ f1, cer }) => f1 < 100 || cer > 0)
    .toSorted((a, b) => a.f1 - b.f1 || b.cer - a.cer)
    .slice(0, options.worst)
  return worst.flatMap((page) => ['', ...formatPage(root, folder, page, options)])
}

function formatPage(root: string, folder: string, page: PageScore, options: Options): string[] {
  const { path, f1, cer, isMissing } = page
  const note = isMissing ? ', no text was written' : ''
  const truth = readFileSync(truthFile(root, path), 'utf8')
  const changes = shorten(diffWords(truth, readText(folder, path) ?? ''))
  const lines = formatChanges(changes, options.width - 2, options.paint)
  const more = lines.length - options.lines
  return [
    `${path}: F ${f1.toFixed(1)}, CER ${cer.toFixed(1)}${note}`,
    ...lines.slice(0, options.lines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … ${more} more lines (--lines)`] : []),
  ]
}
