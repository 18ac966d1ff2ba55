import { useLoaded } from '../live/loaded.ts'
import { ApiProblem, getJson } from '../live/api.ts'
import { caller, may, refusal, token } from '../live/session.ts'
import type { CallerView } from '../live/views.ts'
import { Notice, ProblemNotice } from '../parts/notice.tsx'
import { Navigation } from './navigation.tsx'
import { path } from '../router.ts'
import { OutageNotice } from './outage-notice.tsx'
import { TokenForm } from './token-form.tsx'
import { UpgradeNotice } from './upgrade-notice.tsx'
import { findView } from './views.tsx'

/** The frame of every view. Asks for a token where the service wants one. */
export function Dashboard() {
  const asked = useLoaded(`caller ${token.value ?? ''}`, (signal) =>
    getJson<CallerView>('/v1/caller', signal),
  )
  if (asked.value !== undefined && caller.peek() !== asked.value) caller.value = asked.value
  if (refusal.value !== null && token.value === null) return <TokenForm why={refusal.value} />
  const { problem } = asked
  if (caller.value === null) {
    return (
      <main id="main" class="alone">
        <h1>Scriptorium</h1>
        {problem instanceof ApiProblem ? (
          <ProblemNotice problem={problem} retry={asked.reload} />
        ) : (
          <p class="muted" role="status">
            Loading …
          </p>
        )}
      </main>
    )
  }
  const { scope, show } = findView(path.value)
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Navigation />
      <UpgradeNotice />
      <OutageNotice />
      {may(scope) ? (
        show()
      ) : (
        <main id="main">
          <h1>Not permitted</h1>
          <Notice tone="bad">
            <p>
              The token “{caller.value.name}” lacks the scope <code>{scope}</code>, which this page
              needs.
            </p>
          </Notice>
        </main>
      )}
    </>
  )
}
