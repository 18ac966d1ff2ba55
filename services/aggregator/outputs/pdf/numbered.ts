import type { PageResult } from '../../../../shared/contract.ts'

/** Every page of a file with what was read on it, in order; only `wanted` where that is given. */
export function* numbered(
  pages: Iterable<PageResult>,
  pagesTotal: number,
  wanted?: number,
): Generator<[number: number, result: PageResult | undefined]> {
  let next = 1
  for (const result of pages) {
    for (; next < result.page; next++) if (wanted === undefined) yield [next, undefined]
    if (wanted === undefined || wanted === result.page) yield [result.page, result]
    next = result.page + 1
  }
  for (; next <= pagesTotal; next++) if (wanted === undefined) yield [next, undefined]
}
