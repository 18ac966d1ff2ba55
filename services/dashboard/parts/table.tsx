import type { ComponentChildren } from 'preact'

export interface Column<T> {
  title: string
  /** In place of the title, which names it for those who do not see it. */
  heading?: ComponentChildren
  cell: (row: T) => ComponentChildren
  /** Numbers are aligned at their last digit. */
  isNumber?: boolean
  /** Narrow windows have no room for it. */
  isExtra?: boolean
}

const classOf = <T,>({ isNumber = false, isExtra = false }: Column<T>): string =>
  [isNumber ? 'number' : '', isExtra ? 'extra' : ''].join(' ').trim()

/** A table of records; `caption` names it for those who do not see it. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
  empty,
}: {
  caption: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
  empty: string
}) {
  if (rows.length === 0) return <p class="muted empty">{empty}</p>
  return (
    <div class="table" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                {column.heading ?? column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
