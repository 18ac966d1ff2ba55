import { ScriptoriumError } from '../process/errors.ts'

const rangePattern = '[1-9][0-9]{0,6}(-[1-9][0-9]{0,6})?'
/** Page numbers and ranges, `1-3,7`; empty for all. `faultOfPageList` rejects ranges that run backwards. */
export const pageListPattern = `^(${rangePattern}(,${rangePattern}){0,99})?$`

/** Returns why a text is no page list, undefined where it is one; the text follows the list's name. */
export function faultOfPageList(list: string): string | undefined {
  if (!new RegExp(pageListPattern).test(list))
    return 'must be a list of at most 100 page numbers and ranges from 1 to 9999999, for example 1-3,7'
  const backwards = rangesOf(list).find(({ first, last }) => first > last)
  if (backwards === undefined) return undefined
  const { first, last } = backwards
  return `has a descending range ${first}-${last}; write ${last}-${first}`
}

/** The shortest list of the same pages: ascending, without duplicates. An invalid list stays unchanged. */
export function canonicalPageList(list: string): string {
  if (faultOfPageList(list) !== undefined) return list
  const merged: PageRange[] = []
  for (const { first, last } of rangesOf(list).toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1)
    if (before === undefined || first > before.last + 1) merged.push({ first, last })
    else before.last = Math.max(before.last, last)
  }
  return merged.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',')
}

interface PageRange {
  first: number
  last: number
}

function rangesOf(list: string): PageRange[] {
  if (list === '') return []
  return list.split(',').map((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return { first, last }
  })
}

/**
 * Returns the pages of a document that a recipe's list (`1-3,7`, empty for all) selects, ascending, without duplicates.
 * Ignores numbers beyond the end. Throws `page_out_of_range` where none is left; the message follows the document's
 * name.
 */
export function pagesWanted(list: string, pagesTotal: number): number[] {
  const all = Array.from({ length: pagesTotal }, (_, index) => index + 1)
  if (list === '') return all
  const ranges = rangesOf(list)
  const wanted = all.filter((page) =>
    ranges.some(({ first, last }) => page >= first && page <= last),
  )
  if (wanted.length > 0) return wanted
  const has = pagesTotal === 1 ? 'has one page' : `has ${pagesTotal} pages`
  throw new ScriptoriumError('page_out_of_range', `${has}, and none of pages ${list}`)
}

/**
 * The number of pages that `pagesWanted` returns; for a document of one page always that page, whatever the list
 * selects.
 */
export const countWanted = (list: string, pagesTotal: number): number =>
  pagesTotal === 1 ? 1 : pagesWanted(list, pagesTotal).length
