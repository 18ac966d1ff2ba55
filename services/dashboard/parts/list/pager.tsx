import { address } from '../../router.ts'
import { withQuery } from './query-link.ts'

/** Links of a list whose pages are found by cursor: to its start, and to the next page. */
export function Pager({ next }: { next: string | null }) {
  const isFirst = !address.value.searchParams.has('cursor')
  if (isFirst && next === null) return null
  return (
    <nav class="pager" aria-label="Pages of the list">
      {isFirst ? null : <a href={withQuery({ cursor: null })}>To the start</a>}
      {next === null ? (
        <span class="muted">End of the list</span>
      ) : (
        <a href={withQuery({ cursor: next })}>Next page</a>
      )}
    </nav>
  )
}
