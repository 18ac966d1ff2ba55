import { getJson, queryOf, sendJson } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { FailureGroupRow, RunRow } from '../../live/views.ts'
import { may } from '../../live/session.ts'
import { Action } from '../../parts/action.tsx'
import { causes } from '../../parts/failure/causes.ts'
import { formatCount, many } from '../../parts/format.ts'
import { Ready } from '../../parts/notice.tsx'
import { tallyRun } from '../../parts/run/run-bar.tsx'

/** All failures of a run by cause, each with its cure. */
export function FailureGroups({ run, onRetry }: { run: RunRow; onRetry: () => void }) {
  const ended =
    tallyRun(run).failed + (run.counts['cancelled'] ?? 0) + (run.counts['unstable'] ?? 0)
  const route = `/v1/runs/${encodeURIComponent(run.id)}`
  const failures = useLoaded(`${route} ${ended}`, (signal) =>
    getJson<{ items: FailureGroupRow[] }>(`${route}/failures`, signal),
  )
  if (ended === 0) return null
  return (
    <section>
      <h2>Failures by cause</h2>
      <Ready of={failures}>
        {({ items }) => (
          <ul class="groups">
            {items.map((group) => (
              <FailureGroup key={group.code} run={run} group={group} onRetry={onRetry} />
            ))}
          </ul>
        )}
      </Ready>
    </section>
  )
}

function FailureGroup({
  run,
  group: { code, count, examples },
  onRetry,
}: {
  run: RunRow
  group: FailureGroupRow
  onRetry: () => void
}) {
  const retry = async (): Promise<void> => {
    const query = queryOf({ error: code })
    await sendJson('POST', `/v1/runs/${encodeURIComponent(run.id)}/retry-failed${query}`)
    onRetry()
  }
  const known = causes[code]
  const more = count - examples.length
  const isOver = run.state !== 'active' && run.state !== 'paused'
  return (
    <li>
      <p>
        <strong>{many(count, 'document')}:</strong> {known?.cause ?? examples[0]?.message}{' '}
        {known?.cure} <code class="muted">{code}</code>
      </p>
      <p>
        {examples.map(({ id, name }) => (
          <a key={id} class="example" href={`/documents/${encodeURIComponent(id)}`}>
            {name}
          </a>
        ))}
        {more > 0 && (
          <a href={`/documents${queryOf({ run: run.id, error: code })}`}>
            and {formatCount(more)} more
          </a>
        )}
      </p>
      {may('submit') && isOver && <Action run={retry}>Retry {many(count, 'document')}</Action>}
    </li>
  )
}
