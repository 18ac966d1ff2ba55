import { useState } from 'preact/hooks'
import { getJson } from '../../live/api.ts'
import { useEvents } from '../../live/events.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { DocumentRow } from '../../live/views.ts'
import { Failure } from '../../parts/failure/failure.tsx'
import { Figures } from '../../parts/figures.tsx'
import { formatCount, formatDuration, formatPercent, showBytes } from '../../parts/format.ts'
import { Notice, Ready } from '../../parts/notice.tsx'
import { DocumentBadge } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { Time } from '../../parts/time.tsx'
import { DocumentActions } from './document-actions.tsx'
import { ResultView } from './result-view.tsx'

/** Interval of requests for an open document, milliseconds: its place in the queue is no event. */
const everyMs = 3_000

/** `/documents/ID`: one document, its pages and their text. */
export function DocumentPage({ id }: { id: string }) {
  const route = `/v1/documents/${encodeURIComponent(id)}`
  const [isOpen, setOpen] = useState(false)
  const load = async (signal: AbortSignal): Promise<DocumentRow> => {
    const row = await getJson<DocumentRow>(route, signal)
    setOpen(row.status !== 'finished')
    return row
  }
  const document = useLoaded(route, load, isOpen ? everyMs : undefined)
  const { value } = document
  useEvents<DocumentRow>(isOpen ? `${route}/events` : null, ({ name, data }) => {
    if (name === 'document') document.put(data)
    else document.reload()
  })
  return (
    <Page title={value?.name ?? 'Document'} aside={value && <DocumentBadge {...value} />}>
      <Ready of={document}>
        {(row) => (
          <>
            <Reason document={row} />
            <DocumentActions document={row} route={route} onChange={document.reload} />
            <Facts document={row} />
            {hasResult(row) && <ResultView document={row} route={route} />}
          </>
        )}
      </Ready>
    </Page>
  )
}

const withText = ['succeeded', 'empty', 'partial', 'duplicate']
const hasResult = ({ outcome, expiresAt }: DocumentRow): boolean =>
  withText.some((name) => name === outcome) &&
  (expiresAt === null || Date.parse(expiresAt) > Date.now())

/** The failure, or the obstacle, of a document. */
function Reason({ document: { error, blocked, expiresAt } }: { document: DocumentRow }) {
  const reason = error ?? blocked
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= Date.now()
  return (
    <>
      {reason !== null && (
        <Notice tone="bad">
          <Failure error={reason} />
        </Notice>
      )}
      {isExpired && (
        <Notice>
          <p>Input and result were deleted after the retention time.</p>
        </Notice>
      )}
    </>
  )
}

function Facts({ document }: { document: DocumentRow }) {
  const { progress, confidence, bytes, mediaType, attempts, createdAt, runId, tag } = document
  const { position, etaSeconds, duplicateOf, status } = document
  const figures = [
    { name: 'Pages', value: progress.pagesTotal === null ? '–' : formatCount(progress.pagesTotal) },
    { name: 'Confidence', value: confidence === null ? '–' : formatPercent(confidence) },
    { name: 'Size', value: showBytes(bytes) },
    { name: 'Type', value: mediaType ?? '–' },
    { name: 'Attempts', value: formatCount(attempts) },
    { name: 'Accepted', value: <Time at={createdAt} /> },
    { name: 'Run', value: <a href={`/runs/${encodeURIComponent(runId)}`}>Show</a> },
  ]
  if (tag !== null) figures.push({ name: 'Tag', value: tag })
  if (duplicateOf !== null) {
    const link = <a href={`/documents/${encodeURIComponent(duplicateOf)}`}>Show</a>
    figures.push({ name: 'Same content as', value: link })
  }
  if (status !== 'finished') {
    if (position !== null) figures.push({ name: 'Jobs ahead', value: formatCount(position) })
    if (etaSeconds !== null) figures.push({ name: 'Ready in', value: formatDuration(etaSeconds) })
  }
  return <Figures figures={figures} />
}
