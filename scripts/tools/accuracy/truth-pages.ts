import { readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { foreignSets, stemOf, truthSuffix, type PageSet } from './page-set.ts'

/** A selection of a folder's pages. */
interface Choice {
  /** Names of sets, which are folders; undefined for all except those of the reference pages that are not English. */
  sets?: readonly string[]
  /** Limit of pages per set. */
  limit?: number
}

export interface TruthPages extends PageSet {
  /** Sets in another language that were not requested. */
  leftOut: string[]
}

/** Output may be beside the pages: only images and PDFs are pages. */
const picture = /\.(png|jpe?g|tiff?|webp|gif|avif|bmp|p[bgnp]m|jp2|j2k|jpx|jpf|pdf)$/i

/** The set of a page in the folder itself. */
const topSet = '.'

/** The set of a page is its folder relative to the root. */
export const setOf = (path: string): string => dirname(path)

/**
 * Finds the pages below a folder that have ground truth: `<name>.gt.txt` beside `<name>.<ext>`. Throws where there is
 * none, or none in a named set.
 */
export function findTruthPages(folder: string, { sets, limit }: Choice = {}): TruthPages {
  const root = realpathSync(folder)
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()
  const truths = new Set(names.filter((name) => name.endsWith(truthSuffix)))
  const all = names.filter((name) => picture.test(name) && truths.has(stemOf(name) + truthSuffix))
  const bySet = Map.groupBy(all, setOf)
  for (const set of sets ?? []) {
    if (!bySet.has(set)) throw new Error(`there is no set ${set}; ${nameSets(bySet.keys())}`)
  }
  const isWanted = (set: string): boolean => sets?.includes(set) ?? !foreignSets.has(basename(set))
  const paths = [...bySet].flatMap(([set, group]) => (isWanted(set) ? group.slice(0, limit) : []))
  if (paths.length === 0) {
    throw new Error(`${folder} has no page with ground truth: x.png with x${truthSuffix} beside it`)
  }
  const leftOut = sets === undefined ? [...bySet.keys()].filter((set) => !isWanted(set)) : []
  return { root, paths, hasTruth: true, leftOut }
}

const nameSets = (sets: Iterable<string>): string => {
  const names = [...sets].filter((set) => set !== topSet)
  return names.length === 0 ? 'the pages are in no folders' : `these are: ${names.join(', ')}`
}

/** The file with a page's ground truth. */
export const truthFile = (root: string, path: string): string =>
  join(root, stemOf(path) + truthSuffix)
