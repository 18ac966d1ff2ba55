import { isAway } from '../live/outage.ts'
import { Notice } from '../parts/notice.tsx'

/** Says that the shown values may be old. */
export function OutageNotice() {
  if (!isAway.value) return null
  return (
    <Notice tone="bad">
      <p>The service does not answer. The values below may be old; they are loaded again soon.</p>
    </Notice>
  )
}
