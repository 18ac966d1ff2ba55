import type { WorkerRow } from '../../live/views.ts'
import {
  showBytes,
  formatCount,
  formatDuration,
  formatPercent,
  secondsSince,
} from '../../parts/format.ts'
import { Table, type Column } from '../../parts/table.tsx'

const states = { reading: 'Reading', idle: 'Idle', paused: 'Paused' } as const

const columns: readonly Column<WorkerRow>[] = [
  { title: 'Host', cell: ({ host }) => host },
  { title: 'Process', cell: ({ pid }) => pid, isNumber: true, isExtra: true },
  { title: 'Engine', cell: ({ engine }) => engine, isExtra: true },
  {
    title: 'State',
    cell: ({ state }) => (
      <span class={`badge ${state === 'reading' ? 'busy' : 'quiet'}`}>{states[state]}</span>
    ),
  },
  {
    title: 'Page in hand',
    cell: ({ currentPage }) => <span class="name">{currentPage ?? '–'}</span>,
  },
  {
    title: 'Since',
    cell: ({ currentSince }) =>
      currentSince == null ? '–' : formatDuration(secondsSince(currentSince)),
    isNumber: true,
  },
  {
    title: 'Busy',
    cell: ({ utilisation }) => (utilisation === undefined ? '–' : formatPercent(100 * utilisation)),
    isNumber: true,
    isExtra: true,
  },
  { title: 'Pages', cell: ({ pagesDone }) => formatCount(pagesDone), isNumber: true },
  { title: 'Memory', cell: ({ rssBytes }) => showBytes(rssBytes), isNumber: true, isExtra: true },
  {
    title: 'Runs for',
    cell: ({ startedAt }) => formatDuration(secondsSince(startedAt)),
    isNumber: true,
    isExtra: true,
  },
]

export const Workers = ({ workers }: { workers: readonly WorkerRow[] }) => (
  <Table
    caption="Workers"
    columns={columns}
    rows={workers.toSorted((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid)}
    keyOf={({ id }) => id}
    empty="No worker is alive. Documents are accepted and wait."
  />
)
