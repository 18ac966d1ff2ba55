import { getJson, queryOf } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { DocumentRow, Listed, RunRow } from '../../live/views.ts'
import { may } from '../../live/session.ts'
import { Action } from '../../parts/action.tsx'
import { retryDocument } from '../../parts/document-table.tsx'
import { causes } from '../../parts/failure/causes.ts'
import { formatCount, many } from '../../parts/format.ts'
import { Ready } from '../../parts/notice.tsx'
import { retriedOutcomes } from '../../parts/outcome.tsx'
import { tallyRun } from '../../parts/run-bar.tsx'

/** Failures of each outcome that are examined: the newest. */
const examined = 200
const shownNames = 3

interface Group {
  code: string
  message: string
  documents: DocumentRow[]
}

/** Groups failures by their error code, the most frequent first. */
function groupByCode(documents: readonly DocumentRow[]): Group[] {
  const groups = new Map<string, Group>()
  for (const row of documents) {
    const { code, message } = row.error ?? { code: row.outcome ?? 'unknown', message: '' }
    const group = groups.get(code) ?? { code, message, documents: [] }
    group.documents.push(row)
    groups.set(code, group)
  }
  return [...groups.values()].toSorted((a, b) => b.documents.length - a.documents.length)
}

async function loadFailures(run: RunRow, signal: AbortSignal): Promise<DocumentRow[]> {
  const found: DocumentRow[] = []
  for (const outcome of retriedOutcomes.filter((name) => (run.counts[name] ?? 0) > 0)) {
    const url = `/v1/documents${queryOf({ run: run.id, outcome, limit: examined })}`
    found.push(...(await getJson<Listed<DocumentRow>>(url, signal)).items)
  }
  return found
}

/** The failures of a run by cause, each with its cure. */
export function FailureGroups({ run, onRetry }: { run: RunRow; onRetry: () => void }) {
  const { failed } = tallyRun(run)
  const failures = useLoaded(`failures ${run.id} ${failed}`, (signal) => loadFailures(run, signal))
  if (failed === 0) return null
  return (
    <section>
      <h2>Failures by cause</h2>
      <Ready of={failures}>
        {(documents) => (
          <>
            <ul class="groups">
              {groupByCode(documents).map((group) => (
                <FailureGroup key={group.code} group={group} onRetry={onRetry} />
              ))}
            </ul>
            {documents.length < failed && (
              <p class="muted">
                Causes of {formatCount(documents.length)} of {many(failed, 'failure')}, the newest
                of each outcome.
              </p>
            )}
          </>
        )}
      </Ready>
    </section>
  )
}

function FailureGroup({
  group: { code, message, documents },
  onRetry,
}: {
  group: Group
  onRetry: () => void
}) {
  const retry = async (): Promise<void> => {
    try {
      for (const { id } of documents) await retryDocument(id)
    } finally {
      onRetry()
    }
  }

  const known = causes[code]
  const more = documents.length - shownNames
  return (
    <li>
      <p>
        <strong>{many(documents.length, 'document')}:</strong> {known?.cause ?? message}{' '}
        {known?.cure} <code class="muted">{code}</code>
      </p>
      <p>
        {documents.slice(0, shownNames).map(({ id, name }) => (
          <a key={id} class="example" href={`/documents/${encodeURIComponent(id)}`}>
            {name}
          </a>
        ))}
        {more > 0 && <span class="muted">and {formatCount(more)} more</span>}
      </p>
      {may('submit') && <Action run={retry}>Retry {many(documents.length, 'document')}</Action>}
    </li>
  )
}
