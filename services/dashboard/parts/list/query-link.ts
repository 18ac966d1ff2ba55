import { address } from '../../router.ts'

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
