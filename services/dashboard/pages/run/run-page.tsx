import { useState } from 'preact/hooks'
import { download, getJson, queryOf, sendJson } from '../../live/api.ts'
import { useEvents } from '../../live/events.ts'
import { useLoaded } from '../../live/loaded.ts'
import { may } from '../../live/session.ts'
import type { DocumentRow, Listed, RunRow } from '../../live/views.ts'
import { Action } from '../../parts/action.tsx'
import { DocumentTable } from '../../parts/list/document-table.tsx'
import { Failure } from '../../parts/failure/failure.tsx'
import { Figures } from '../../parts/figures.tsx'
import { formatCount, formatDuration, formatNumber } from '../../parts/format.ts'
import { Notice, Ready } from '../../parts/notice.tsx'
import { nameOutcome, RunStateBadge } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { Pager } from '../../parts/list/pager.tsx'
import { RunBar, tallyRun } from '../../parts/run/run-bar.tsx'
import { nameRun } from '../../parts/run/run-name.ts'
import { query } from '../../router.ts'
import { FailureGroups } from './failure-groups.tsx'
import { ReportPages } from './report-pages.tsx'

const limit = 25
const everyMs = 5_000

/** `/runs/ID`: one run, followed by its events while it is active. */
export function RunPage({ id }: { id: string }) {
  const route = `/v1/runs/${encodeURIComponent(id)}`
  const [isActive, setActive] = useState(false)
  const load = async (signal: AbortSignal): Promise<RunRow> => {
    const row = await getJson<RunRow>(route, signal)
    setActive(row.state === 'active')
    return row
  }
  const run = useLoaded(route, load, isActive ? everyMs : undefined)
  const list = `${route}/documents${queryOf({ limit, cursor: query.value.get('cursor') ?? undefined })}`
  const documents = useLoaded(
    list,
    (signal) => getJson<Listed<DocumentRow>>(list, signal),
    isActive ? everyMs : undefined,
  )
  useEvents<RunRow>(isActive ? `${route}/events` : null, ({ name, data }) => {
    if (name === 'progress') run.put(data)
    if (name === 'finished') run.reload()
  })
  const title = run.value === undefined ? 'Run' : nameRun(run.value)
  return (
    <Page title={title} aside={run.value && <RunStateBadge state={run.value.state} />}>
      <Ready of={run}>
        {(value) => (
          <>
            <Reasons run={value} />
            <Actions run={value} route={route} onChange={run.reload} />
            <Summary run={value} />
            <FailureGroups run={value} onRetry={run.reload} />
            {hasReport(value) && <ReportPages run={value} />}
          </>
        )}
      </Ready>
      <section>
        <h2>Documents</h2>
        <Ready of={documents}>
          {({ items, nextCursor }) => (
            <>
              <DocumentTable
                caption="Documents of the run"
                documents={items}
                empty="No document yet."
                onChange={() => {
                  documents.reload()
                  run.reload()
                }}
              />
              <Pager next={nextCursor} />
            </>
          )}
        </Ready>
      </section>
    </Page>
  )
}

/** Why the run does not go on. */
function Reasons({ run: { pause, error, blocked } }: { run: RunRow }) {
  if (pause !== null) {
    return (
      <Notice tone={isTried(pause) ? 'info' : 'bad'}>
        <p>
          {asSentence(pause.message)} {asSentence(pause.cure)}
        </p>
      </Notice>
    )
  }
  const reason = error ?? blocked
  if (reason === null) return null
  return (
    <Notice tone="bad">
      <Failure error={reason} />
    </Notice>
  )
}

/** Whether a run waits for a person to look at the files that it tried first. */
const isTried = (pause: RunRow['pause']): boolean => pause?.rule === 'canary_read'

const asSentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

const isOver = ({ state }: RunRow): boolean => state !== 'active' && state !== 'paused'

const hasReport = (run: RunRow): boolean =>
  isOver(run) && run.source === 'folder' && run.state !== 'refused'

function Actions({ run, route, onChange }: { run: RunRow; route: string; onChange: () => void }) {
  const act = (action: string) => async (): Promise<void> => {
    await sendJson('POST', `${route}/${action}`)
    onChange()
  }
  const ended = isOver(run)
  const again = tallyRun(run).failed + (run.counts['cancelled'] ?? 0)
  return (
    <p class="actions">
      {may('submit') && ended && again > 0 && (
        <Action run={act('retry-failed')}>
          {again === 1
            ? 'Retry the failed document'
            : `Retry all ${formatCount(again)} failed documents`}
        </Action>
      )}
      {may('submit') && run.state === 'paused' && (
        <Action run={act('resume')}>{isTried(run.pause) ? 'Read the rest' : 'Resume'}</Action>
      )}
      {may('submit') && ended && <RetryWarned route={route} id={run.id} onChange={onChange} />}
      {may('submit') && !ended && (
        <Action run={act('cancel')} confirm="Cancel this run?" isDanger>
          Cancel
        </Action>
      )}
      {hasReport(run) && (
        <Action run={() => download(`${route}/report`, `report-${run.id}.json`)}>
          Download the report
        </Action>
      )}
    </p>
  )
}

/** Offered where a page of the run may be read better. */
function RetryWarned({ route, id, onChange }: { route: string; id: string; onChange: () => void }) {
  const list = `/v1/documents${queryOf({ run: id, warning: 'reading_given_up', limit: 1 })}`
  const { value } = useLoaded(list, (signal) => getJson<Listed<DocumentRow>>(list, signal))
  if (value === undefined || value.items.length === 0) return null
  const retry = async (): Promise<void> => {
    await sendJson('POST', `${route}/retry-warned`)
    onChange()
  }
  return <Action run={retry}>Retry pages whose reading was given up</Action>
}

function Summary({ run }: { run: RunRow }) {
  const { counts, pagesRead, pagesPerSecond, etaSeconds } = run
  const outcomes = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name: nameOutcome(name), value: formatCount(count) }))
  return (
    <>
      {run.state === 'active' && (
        <p class="overall">
          <RunBar run={run} />
        </p>
      )}
      <Figures
        figures={[
          ...outcomes,
          ...(pagesRead === null ? [] : [{ name: 'Pages read', value: formatCount(pagesRead) }]),
          ...(pagesPerSecond === null
            ? []
            : [{ name: 'Pages per second', value: formatNumber(pagesPerSecond) }]),
          ...(etaSeconds === null ? [] : [{ name: 'Ends in', value: formatDuration(etaSeconds) }]),
        ]}
      />
    </>
  )
}
