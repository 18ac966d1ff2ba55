import { useRef } from 'preact/hooks'
import { getJson } from '../live/api.ts'
import { useLoaded } from '../live/loaded.ts'
import { Notice } from '../parts/notice.tsx'

const everyMs = 60_000

/** Offers a reload when the service has another version than at the time the page was loaded. */
export function UpgradeNotice() {
  const first = useRef<string | undefined>(undefined)
  const { value } = useLoaded(
    'version',
    (signal) => getJson<{ version: string }>('/version', signal),
    everyMs,
  )
  if (value === undefined) return null
  first.current ??= value.version
  if (first.current === value.version) return null
  return (
    <Notice>
      <p>The service was upgraded to {value.version}.</p>
      <button type="button" onClick={() => location.reload()}>
        Reload the page
      </button>
    </Notice>
  )
}
