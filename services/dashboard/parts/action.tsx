import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { ApiProblem } from '../live/api.ts'

/** A button that does something of the service's; a refusal is shown beside it. */
export function Action({
  run,
  children,
  confirm,
  isDanger = false,
  isMain = false,
}: {
  run: () => Promise<unknown>
  children: ComponentChildren
  /** Asked first. */
  confirm?: string
  isDanger?: boolean
  /** The action that most people want. */
  isMain?: boolean
}) {
  const [isBusy, setBusy] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const act = async (): Promise<void> => {
    if (confirm !== undefined && !globalThis.confirm(confirm)) return
    setBusy(true)
    setRefused(null)
    try {
      await run()
    } catch (thrown) {
      setRefused(thrown instanceof ApiProblem ? thrown.message : String(thrown))
    } finally {
      setBusy(false)
    }
  }
  return (
    <span class="action">
      <button
        type="button"
        class={isDanger ? 'danger' : isMain ? 'main' : undefined}
        disabled={isBusy}
        onClick={() => void act()}
      >
        {children}
      </button>
      {refused !== null && (
        <span class="refused" role="alert">
          {refused}
        </span>
      )}
    </span>
  )
}
