import { Bar } from '../../parts/figures.tsx'
import { formatCount, showBytes } from '../../parts/format.ts'
import { Table, type Column } from '../../parts/table.tsx'
import type { Limit } from './limits.ts'

const names: Readonly<Record<string, string>> = {
  connections: 'Connections',
  body_bytes: 'Memory of JSON bodies',
  open_uploads: 'Open uploads',
  event_streams: 'Event streams',
  renderings: 'Renderings of PDFs',
  searches: 'Searches',
  spool_bytes: 'Space of the spool',
  queue_jobs: 'Waiting jobs',
  uncollected_results: 'Unrecorded results',
  webhooks: 'Webhooks',
}

const show = ({ name }: Limit, amount: number): string =>
  name.endsWith('_bytes') ? showBytes(amount) : formatCount(amount)

const columns: readonly Column<Limit>[] = [
  { title: 'Limit', cell: ({ name }) => names[name] ?? name },
  {
    title: 'Use',
    cell: ({ name, used, limit }) => (
      <Bar value={used} max={limit} label={`Use of ${names[name] ?? name}`} />
    ),
    isExtra: true,
  },
  { title: 'Used', cell: (limit) => show(limit, limit.used), isNumber: true },
  { title: 'Of', cell: (limit) => show(limit, limit.limit), isNumber: true },
  { title: 'Refused', cell: ({ refused }) => formatCount(refused), isNumber: true },
]

/** How full each limit is, and how often it was reached. */
export const LimitTable = ({ limits }: { limits: readonly Limit[] }) => (
  <Table
    caption="Limits"
    columns={columns}
    rows={limits}
    keyOf={({ name }) => name}
    empty="The metrics of the service have no limits."
  />
)
