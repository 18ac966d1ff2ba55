import { getJson, getReadiness, sendJson } from '../../live/api.ts'
import { useLoaded, type Loaded } from '../../live/loaded.ts'
import { may } from '../../live/session.ts'
import type { DocumentRow, Listed, Queue, RunRow, WorkerRow } from '../../live/views.ts'
import { Action } from '../../parts/action.tsx'
import { Figures } from '../../parts/figures.tsx'
import { formatCount, formatDuration, formatNumber } from '../../parts/format.ts'
import { Notice, Ready } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { LatestDocuments } from './latest-documents.tsx'
import { Charts } from './charts.tsx'
import { ActiveRunTable } from './active-run-table.tsx'
import { Workers } from './workers.tsx'

const liveMs = 2_000
const slowMs = 5_000
const shownDocuments = 8

/** `/`: the fleet at work. */
export function FleetPage() {
  const queue = useLoaded('queue', (signal) => getJson<Queue>('/v1/queue', signal), liveMs)
  const workers = useLoaded(
    'workers',
    (signal) => getJson<{ items: WorkerRow[] }>('/v1/workers', signal),
    liveMs,
  )
  const runs = useLoaded(
    'active runs',
    (signal) => getJson<Listed<RunRow>>('/v1/runs?state=active&limit=20', signal),
    slowMs,
  )
  const documents = useLoaded(
    'latest documents',
    (signal) => getJson<Listed<DocumentRow>>(`/v1/documents?limit=${shownDocuments}`, signal),
    slowMs,
  )
  return (
    <Page title="Fleet" aside={<Pause queue={queue} />}>
      <NotReady />
      <Ready of={queue}>{(value) => <QueueFigures queue={value} />}</Ready>
      <Charts />
      <section>
        <h2>Workers</h2>
        <Ready of={workers}>{({ items }) => <Workers workers={items} />}</Ready>
      </section>
      <section>
        <h2>Active runs</h2>
        <Ready of={runs}>{({ items }) => <ActiveRunTable runs={items} />}</Ready>
      </section>
      <section>
        <h2>Latest documents</h2>
        <Ready of={documents}>{({ items }) => <LatestDocuments documents={items} />}</Ready>
      </section>
    </Page>
  )
}

/** Names each part of the service that does not work. */
function NotReady() {
  const { value } = useLoaded('readiness', getReadiness, slowMs)
  if (value === undefined || value.ready) return null
  const failed = Object.entries(value.checks).filter(([, { ok }]) => !ok)
  return (
    <Notice tone="bad">
      {failed.map(([name, { detail }]) => (
        <p key={name}>
          {name}: {detail}
        </p>
      ))}
    </Notice>
  )
}

function Pause({ queue }: { queue: Loaded<Queue> }) {
  if (queue.value === undefined) return null
  const { paused } = queue.value
  const change = async (): Promise<void> => {
    queue.put(await sendJson<Queue>('PUT', '/v1/queue', { paused: !paused }))
  }
  return (
    <>
      {paused && <span class="badge bad">Paused</span>}
      {may('admin') && <Action run={change}>{paused ? 'Resume' : 'Pause'}</Action>}
    </>
  )
}

function QueueFigures({ queue }: { queue: Queue }) {
  const { interactive, bulk, active, delayed, uncollected, oldestSeconds, pagesPerMinute } = queue
  const waiting = interactive + bulk
  return (
    <Figures
      figures={[
        { name: 'Pages per minute', value: formatNumber(pagesPerMinute) },
        { name: 'In work', value: formatCount(active) },
        { name: 'Waiting', value: formatCount(waiting) },
        { name: 'of these uploads', value: formatCount(interactive) },
        {
          name: 'Oldest waits',
          value: oldestSeconds === null ? '–' : formatDuration(oldestSeconds),
        },
        { name: 'To be retried', value: formatCount(delayed) },
        { name: 'To be recorded', value: formatCount(uncollected) },
        {
          name: 'Estimated end',
          value:
            pagesPerMinute > 0 && waiting > 0
              ? `in ${formatDuration((waiting / pagesPerMinute) * 60)}`
              : '–',
        },
      ]}
    />
  )
}
