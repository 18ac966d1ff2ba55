import { getJson } from '../live/api.ts'
import { useLoaded } from '../live/loaded.ts'
import { may } from '../live/session.ts'

/** Languages of the pages; none chosen leaves them to the service. */
export function Languages({
  chosen,
  onChange,
}: {
  chosen: readonly string[]
  onChange: (languages: readonly string[]) => void
}) {
  const { value } = useLoaded('languages', (signal) =>
    may('read')
      ? getJson<{ languages: string[] }>('/v1/languages', signal)
      : Promise.resolve({ languages: [] }),
  )
  const installed = value?.languages.filter((name) => name !== 'osd') ?? []
  if (installed.length < 2) return null
  const toggle = (name: string): void =>
    onChange(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name])
  return (
    <fieldset>
      <legend>Languages</legend>
      {installed.map((name) => (
        <label key={name} class="check">
          <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
