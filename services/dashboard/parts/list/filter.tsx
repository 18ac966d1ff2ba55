import { go, query } from '../../router.ts'
import { withQuery } from './query-link.ts'

interface Choice {
  name: string
  label: string
  /** Values with their names; the first one is no filter. */
  options: readonly (readonly [string, string])[]
}

const change = (name: string, value: string): void =>
  go(withQuery({ [name]: value, cursor: null }), { replace: true })

/** A filter of a list with a few values; the address keeps it. */
export const ChoiceFilter = ({ name, label, options }: Choice) => (
  <label>
    {label}
    <select
      value={query.value.get(name) ?? ''}
      onChange={({ currentTarget }) => change(name, currentTarget.value)}
    >
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  </label>
)

interface Field {
  name: string
  label: string
}

/** A filter of a list by a word; the address keeps it. */
export const TextFilter = ({ name, label }: Field) => (
  <label>
    {label}
    <input
      value={query.value.get(name) ?? ''}
      onChange={({ currentTarget }) => change(name, currentTarget.value.trim())}
    />
  </label>
)

/** A filter of a list by a day. */
export const DayFilter = ({ name, label }: Field) => (
  <label>
    {label}
    <input
      type="date"
      value={query.value.get(name) ?? ''}
      onChange={({ currentTarget }) => change(name, currentTarget.value)}
    />
  </label>
)
