import type { ComponentChildren } from 'preact'
import type { ApiProblem } from '../live/api.ts'
import type { Loaded } from '../live/loaded.ts'

export function Notice({
  tone = 'info',
  children,
}: {
  tone?: 'info' | 'bad' | 'good'
  children: ComponentChildren
}) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

/** A refusal in words. */
export function ProblemNotice({ problem, retry }: { problem: ApiProblem; retry?: () => void }) {
  return (
    <Notice tone="bad">
      <p>{problem.message}</p>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  )
}

/** Shows a loaded value; until there is one, that it is on its way, or the reason why it cannot be had. */
export function Ready<T>({
  of: { value, problem, reload },
  children,
}: {
  of: Loaded<T>
  children: (value: T) => ComponentChildren
}) {
  // A notice above the view names an outage, once for all parts of it.
  const isOutage = problem?.status === 0
  if (value === undefined && (problem === undefined || isOutage)) {
    return (
      <p class="muted" role="status">
        {isOutage ? 'Not loaded.' : 'Loading …'}
      </p>
    )
  }
  return (
    <>
      {problem !== undefined && !isOutage && <ProblemNotice problem={problem} retry={reload} />}
      {value !== undefined && children(value)}
    </>
  )
}
