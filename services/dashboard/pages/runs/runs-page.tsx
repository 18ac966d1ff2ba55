import { may } from '../../live/session.ts'
import type { RunRow } from '../../live/views.ts'
import { ChoiceFilter, TextFilter } from '../../parts/list/filter.tsx'
import { formatDuration, formatNumber } from '../../parts/format.ts'
import { Ready } from '../../parts/notice.tsx'
import { RunStateBadge } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { Pager } from '../../parts/list/pager.tsx'
import { RunBar } from '../../parts/run/run-bar.tsx'
import { nameRun } from '../../parts/run/run-name.ts'
import { Table, type Column } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { isFiltered, useList } from '../../parts/list/use-list.ts'

const filters = ['state', 'source', 'tag']
const limit = 50

const durationOf = ({ startedAt, finishedAt }: RunRow): string =>
  finishedAt === null
    ? '–'
    : formatDuration(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000)

const columns: readonly Column<RunRow>[] = [
  {
    title: 'Run',
    cell: (run) => (
      <a class="name" href={`/runs/${encodeURIComponent(run.id)}`}>
        {nameRun(run)}
      </a>
    ),
  },
  { title: 'State', cell: ({ state }) => <RunStateBadge state={state} /> },
  { title: 'Documents', cell: (run) => <RunBar run={run} /> },
  {
    title: 'Pages/s',
    cell: ({ pagesPerSecond }) => (pagesPerSecond === null ? '–' : formatNumber(pagesPerSecond)),
    isNumber: true,
    isExtra: true,
  },
  { title: 'Duration', cell: durationOf, isNumber: true, isExtra: true },
  { title: 'Started', cell: ({ startedAt }) => <Time at={startedAt} />, isExtra: true },
]

/** `/runs`: folders and uploads, newest first. */
export function RunsPage() {
  const list = useList<RunRow>('/v1/runs', filters, limit)
  return (
    <Page
      title="Runs"
      aside={
        may('submit') && (
          <a class="button" href="/runs/new">
            Read a folder
          </a>
        )
      }
    >
      <div class="filters">
        <ChoiceFilter
          name="state"
          label="State"
          options={[
            ['', 'Any'],
            ['active', 'Active'],
            ['finished', 'Finished'],
            ['paused', 'Paused'],
            ['interrupted', 'Interrupted'],
            ['cancelled', 'Cancelled'],
          ]}
        />
        <ChoiceFilter
          name="source"
          label="Source"
          options={[
            ['', 'Any'],
            ['folder', 'Folder'],
            ['upload', 'Upload'],
          ]}
        />
        <TextFilter name="tag" label="Tag" />
      </div>
      <Ready of={list}>
        {({ items, nextCursor }) => (
          <>
            <Table
              caption="Runs"
              columns={columns}
              rows={items}
              keyOf={({ id }) => id}
              empty={isFiltered(filters) ? 'No run matches the filter.' : 'No run yet.'}
            />
            <Pager next={nextCursor} />
          </>
        )}
      </Ready>
    </Page>
  )
}
