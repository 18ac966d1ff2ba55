import { useState } from 'preact/hooks'
import type { Preset } from '../../../../shared/contract/recipe.ts'
import { getJson, sendJson } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { RunRow } from '../../live/views.ts'
import { Action } from '../../parts/action.tsx'
import { Languages } from '../../parts/languages.tsx'
import { Notice, Ready } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../router.ts'
import { bodyOf, formatNames, type RunWish } from './run-wish.ts'

const triedFiles = 20

const presetNames: Readonly<Record<Preset, string>> = {
  fast: 'Fast',
  balanced: 'Balanced',
  best: 'Best',
}
const isPreset = (text: string): text is Preset => Object.hasOwn(presetNames, text)

const beginning: RunWish = {
  root: '',
  path: '',
  include: '',
  exclude: '',
  tag: '',
  preset: 'balanced',
  languages: [],
  formats: ['txt', 'json'],
  retryFailed: false,
  retryWarned: false,
}

/** `/runs/new`: reads a folder below an allowed root. */
export function StartRunPage() {
  const roots = useLoaded('roots', (signal) =>
    getJson<{ items: { name: string }[] }>('/v1/roots', signal),
  )
  return (
    <Page title="Read a folder">
      <Ready of={roots}>
        {({ items }) =>
          items.length === 0 ? (
            <Notice>
              <p>
                No folder may be read through the service. Name some with{' '}
                <code>SCRIPTORIUM_ROOTS=scans=/folder</code> and restart it, or use{' '}
                <code>npx scriptorium ingest</code> on the server.
              </p>
            </Notice>
          ) : (
            <RunForm roots={items.map(({ name }) => name)} />
          )
        }
      </Ready>
    </Page>
  )
}

function RunForm({ roots }: { roots: readonly string[] }) {
  const [wish, setWish] = useState<RunWish>({ ...beginning, root: roots[0] ?? '' })
  const change = (changes: Partial<RunWish>): void =>
    setWish((before) => ({ ...before, ...changes }))
  const start = (canary: number) => async (): Promise<void> => {
    const { id } = await sendJson<RunRow>('POST', '/v1/runs', bodyOf(wish, canary))
    go(`/runs/${encodeURIComponent(id)}`)
  }
  return (
    <form class="run-form" onSubmit={(event) => event.preventDefault()}>
      <Place wish={wish} roots={roots} change={change} />
      <label>
        Accuracy
        <select
          value={wish.preset}
          onChange={({ currentTarget }) =>
            isPreset(currentTarget.value) && change({ preset: currentTarget.value })
          }
        >
          {Object.entries(presetNames).map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <Languages chosen={wish.languages} onChange={(languages) => change({ languages })} />
      <Formats chosen={wish.formats} onChange={(chosen) => change({ formats: chosen })} />
      <fieldset>
        <legend>Documents of earlier runs</legend>
        <Check
          label="Read failed ones again"
          isOn={wish.retryFailed}
          onChange={(retryFailed) => change({ retryFailed })}
        />
        <Check
          label="Read pages again whose reading was given up"
          isOn={wish.retryWarned}
          onChange={(retryWarned) => change({ retryWarned })}
        />
      </fieldset>
      <p class="actions">
        <Action run={start(triedFiles)}>Try {triedFiles} files first</Action>
        <Action run={start(0)} isMain>
          Read the folder
        </Action>
      </p>
      <p class="muted">
        A trial reads {triedFiles} files, spread over the folder, and then waits. The files that it
        has read are not read again.
      </p>
    </form>
  )
}

interface Part {
  wish: RunWish
  change: (changes: Partial<RunWish>) => void
}

function Place({ wish, roots, change }: Part & { roots: readonly string[] }) {
  const text = (name: 'path' | 'include' | 'exclude' | 'tag', label: string, example: string) => (
    <label>
      {label}
      <input
        value={wish[name]}
        placeholder={example}
        maxLength={name === 'tag' ? 200 : 4_096}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
    </label>
  )
  return (
    <>
      <label>
        Root
        <select
          value={wish.root}
          onChange={({ currentTarget }) => change({ root: currentTarget.value })}
        >
          {roots.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {text('path', 'Folder or file below it', 'the whole root')}
      {text('include', 'Only files like', '**/*.tif **/*.pdf')}
      {text('exclude', 'Without files like', 'drafts/**')}
      {text('tag', 'Tag', 'none')}
    </>
  )
}

function Formats({
  chosen,
  onChange,
}: {
  chosen: RunWish['formats']
  onChange: (formats: RunWish['formats']) => void
}) {
  return (
    <fieldset>
      <legend>Formats</legend>
      {formatNames.map((name) => (
        <Check
          key={name}
          label={name}
          isOn={chosen.includes(name)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, name] : chosen.filter((each) => each !== name))
          }
        />
      ))}
    </fieldset>
  )
}

const Check = ({
  label,
  isOn,
  onChange,
}: {
  label: string
  isOn: boolean
  onChange: (isOn: boolean) => void
}) => (
  <label class="check">
    <input
      type="checkbox"
      checked={isOn}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
    {label}
  </label>
)
