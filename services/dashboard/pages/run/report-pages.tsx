import { getJson, queryOf } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { ReportPage, ReportRow, RunRow } from '../../live/views.ts'
import { formatDuration, formatPercent } from '../../parts/format.ts'
import { Table, type Column } from '../../parts/table.tsx'

/** The slowest and the least confident pages of a folder run, which its report has once it has ended. */
export function ReportPages({ run }: { run: RunRow }) {
  const route = `/v1/runs/${encodeURIComponent(run.id)}/report`
  const { value } = useLoaded(`${route} ${run.finishedAt ?? ''}`, (signal) =>
    getJson<ReportRow>(route, signal),
  )
  if (value === undefined || value.slowest.length === 0) return null
  return (
    <section class="halves">
      <ReportTable title="Slowest pages" run={run} pages={value.slowest} />
      <ReportTable title="Least confident pages" run={run} pages={value.leastConfident} />
    </section>
  )
}

function ReportTable({
  title,
  run,
  pages,
}: {
  title: string
  run: RunRow
  pages: readonly ReportPage[]
}) {
  const columns: readonly Column<ReportPage>[] = [
    {
      title: 'Document',
      cell: ({ path, page }) => (
        <a class="name" href={`/documents${queryOf({ run: run.id, name: path })}`}>
          {path}
          {page > 1 && `, page ${page}`}
        </a>
      ),
    },
    { title: 'Time', cell: ({ ms }) => formatDuration(ms / 1_000), isNumber: true },
    { title: 'Confidence', cell: ({ confidence }) => formatPercent(confidence), isNumber: true },
  ]
  return (
    <div>
      <h2>{title}</h2>
      <Table
        caption={title}
        columns={columns}
        rows={pages}
        keyOf={({ path, page }) => `${path} ${page}`}
        empty="No page."
      />
    </div>
  )
}
