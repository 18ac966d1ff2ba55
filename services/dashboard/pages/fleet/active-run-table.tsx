import { useState } from 'preact/hooks'
import { useEvents } from '../../live/events.ts'
import type { RunRow } from '../../live/views.ts'
import { formatDuration, formatNumber } from '../../parts/format.ts'
import { RunBar } from '../../parts/run/run-bar.tsx'
import { nameRun } from '../../parts/run/run-name.ts'
import { Table, type Column } from '../../parts/table.tsx'

const columns: readonly Column<RunRow>[] = [
  {
    title: 'Run',
    cell: (run) => (
      <a class="name" href={`/runs/${run.id}`}>
        {nameRun(run)}
      </a>
    ),
  },
  { title: 'Progress', cell: (run) => <RunBar run={run} /> },
  {
    title: 'Pages/s',
    cell: ({ pagesPerSecond }) => (pagesPerSecond === null ? '–' : formatNumber(pagesPerSecond)),
    isNumber: true,
    isExtra: true,
  },
  {
    title: 'Ends in',
    cell: ({ etaSeconds }) => (etaSeconds === null ? '–' : formatDuration(etaSeconds)),
    isNumber: true,
    isExtra: true,
  },
]

/** The newest run is followed by its events; a browser opens few connections, and the others are asked for. */
export function ActiveRunTable({ runs }: { runs: readonly RunRow[] }) {
  const [first] = runs
  const [live, setLive] = useState<RunRow>()
  useEvents<RunRow>(
    first === undefined ? null : `/v1/runs/${first.id}/events`,
    ({ name, data }) => {
      if (name === 'progress' || name === 'finished') setLive(data)
    },
  )
  return (
    <Table
      caption="Active runs"
      columns={columns}
      rows={runs.map((run) => (run.id === live?.id ? live : run))}
      keyOf={({ id }) => id}
      empty="No run is active."
    />
  )
}
