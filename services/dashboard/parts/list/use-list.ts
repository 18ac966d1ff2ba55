import { getJson, queryOf } from '../../live/api.ts'
import { useLoaded, type Loaded } from '../../live/loaded.ts'
import type { Listed } from '../../live/views.ts'
import { query } from '../../router.ts'

const everyMs = 5_000

/** Whether the address narrows the list. */
export const isFiltered = (filters: readonly string[]): boolean =>
  filters.some((name) => query.value.has(name))

/** The page of a list that the address names by its filters and its cursor. */
export function useList<T>(
  route: string,
  filters: readonly string[],
  limit: number,
): Loaded<Listed<T>> {
  const values = Object.fromEntries(
    [...filters, 'cursor'].map((name) => [name, query.value.get(name) ?? undefined]),
  )
  const url = route + queryOf({ ...values, limit })
  return useLoaded(url, (signal) => getJson<Listed<T>>(url, signal), everyMs)
}
