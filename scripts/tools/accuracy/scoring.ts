import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stemOf, type PageSet } from './page-set.ts'
import { characterErrorRate, wordF1 } from './text-accuracy.ts'
import { mean } from '../common/statistics.ts'
import { setOf, truthFile } from './truth-pages.ts'

/** Accuracy of texts, in percent. */
export interface Accuracy {
  /** Word F1, in any order. */
  f1: number
  /** Character error rate, 100 at most. */
  cer: number
}

export interface PageScore extends Accuracy {
  path: string
  set: string
  /** No text was written; it counts as empty. */
  isMissing: boolean
}

interface SetScore extends Accuracy {
  set: string
  pages: number
  missing: number
}

export interface Scoring {
  pages: PageScore[]
  sets: SetScore[]
  /** Mean over the sets, so that a large set does not dominate a small one. */
  total: Accuracy & { pages: number; missing: number }
}

/**
 * The text of a page: `<folder>/<path>.txt`, or with the image's extension replaced; undefined where neither exists.
 */
export function readText(folder: string, path: string): string | undefined {
  const file = [`${path}.txt`, `${stemOf(path)}.txt`]
    .map((name) => join(folder, name))
    .find((name) => existsSync(name))
  return file === undefined ? undefined : readFileSync(file, 'utf8')
}

/** Scores the texts of a folder against the ground truth of the pages. */
export function scoreTexts({ root, paths }: PageSet, folder: string): Scoring {
  const pages = paths.map((path) => {
    const truth = readFileSync(truthFile(root, path), 'utf8')
    const text = readText(folder, path)
    return {
      path,
      set: setOf(path),
      isMissing: text === undefined,
      f1: 100 * wordF1(truth, text ?? ''),
      cer: 100 * characterErrorRate(truth, text ?? ''),
    }
  })
  return summarise(pages)
}

/** Means of the pages of each set, and of the sets. */
function summarise(pages: PageScore[]): Scoring {
  const sets = [...Map.groupBy(pages, ({ set }) => set)].map(([set, group]) => ({
    set,
    pages: group.length,
    missing: missingOf(group),
    ...meanOf(group),
  }))
  const total = { pages: pages.length, missing: missingOf(pages), ...meanOf(sets) }
  return { pages, sets, total }
}

const missingOf = (pages: readonly PageScore[]): number =>
  pages.filter(({ isMissing }) => isMissing).length

const meanOf = (scores: readonly Accuracy[]): Accuracy => ({
  f1: mean(scores.map(({ f1 }) => f1)),
  cer: mean(scores.map(({ cer }) => cer)),
})
