import { address } from '../router.ts'

/** The present view with other query parameters. */
export function withQuery(changes: Record<string, string | null>): string {
  const query = new URLSearchParams(address.value.search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  return address.value.pathname + (text === '' ? '' : `?${text}`)
}

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
