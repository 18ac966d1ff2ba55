import { ScriptoriumError } from './errors.ts'

/**
 * The pages of a document that a recipe's list (`1-3,7`, empty for all) asks for, ascending, each once. Numbers beyond the
 * end are left out. Throws `page_out_of_range` where none is left; the message goes after the document's name.
 */
export function pagesWanted(list: string, pagesTotal: number): number[] {
  const all = Array.from({ length: pagesTotal }, (_, index) => index + 1)
  if (list === '') return all
  const ranges = list.split(',').map((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return { first, last }
  })
  const wanted = all.filter((page) =>
    ranges.some(({ first, last }) => page >= first && page <= last),
  )
  if (wanted.length > 0) return wanted
  const has = pagesTotal === 1 ? 'has one page' : `has ${pagesTotal} pages`
  throw new ScriptoriumError('page_out_of_range', `${has}, and none of pages ${list}`)
}
