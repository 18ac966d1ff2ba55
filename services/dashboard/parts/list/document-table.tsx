import { sendJson } from '../../live/api.ts'
import { may } from '../../live/session.ts'
import type { DocumentRow } from '../../live/views.ts'
import { Action } from '../action.tsx'
import { formatCount, formatPercent, showBytes } from '../format.ts'
import { DocumentBadge, isRetryable } from '../outcome.tsx'
import { Table, type Column } from '../table.tsx'
import { Time } from '../time.tsx'
import { warningNames } from '../warnings.ts'
import { causes } from '../failure/causes.ts'

const columns: readonly Column<DocumentRow>[] = [
  {
    title: 'Document',
    cell: ({ id, name, error, warnings }) => (
      <>
        <a class="name" href={`/documents/${encodeURIComponent(id)}`}>
          {name}
        </a>
        {warnings.length > 0 && (
          <p class="cause">{warnings.map((code) => warningNames[code]).join('. ')}</p>
        )}
        {error !== null && <p class="cause">{causes[error.code]?.cause ?? error.message}</p>}
      </>
    ),
  },
  { title: 'State', cell: (row) => <DocumentBadge {...row} /> },
  {
    title: 'Pages',
    cell: ({ progress: { pagesTotal } }) => (pagesTotal === null ? '–' : formatCount(pagesTotal)),
    isNumber: true,
    isExtra: true,
  },
  {
    title: 'Confidence',
    cell: ({ confidence }) => (confidence === null ? '–' : formatPercent(confidence)),
    isNumber: true,
    isExtra: true,
  },
  { title: 'Size', cell: ({ bytes }) => showBytes(bytes), isNumber: true, isExtra: true },
  { title: 'Accepted', cell: ({ createdAt }) => <Time at={createdAt} />, isExtra: true },
]

const tags: Column<DocumentRow> = { title: 'Tag', cell: ({ tag }) => tag ?? '', isExtra: true }

export const retryDocument = (id: string): Promise<DocumentRow> =>
  sendJson<DocumentRow>('POST', `/v1/documents/${encodeURIComponent(id)}/retry`)

/** Documents with their state, and a retry of each that failed. */
export function DocumentTable({
  caption,
  documents,
  empty,
  onChange,
  selection,
}: {
  caption: string
  documents: readonly DocumentRow[]
  empty: string
  /** Called after a retry. */
  onChange: () => void
  /** Ids of chosen rows, where rows can be chosen. */
  selection?: { chosen: ReadonlySet<string>; choose: (ids: readonly string[]) => void }
}) {
  const hasTags = documents.some(({ tag }) => tag !== null)
  const hasActions = may('submit') && documents.some(isRetryable)
  const actions: Column<DocumentRow> = {
    title: 'Action',
    cell: (row) =>
      isRetryable(row) ? (
        <Action run={() => retryDocument(row.id).then(onChange)}>Retry</Action>
      ) : null,
  }
  return (
    <Table
      caption={caption}
      columns={[
        ...(selection === undefined ? [] : [chooseColumn(documents, selection)]),
        ...columns,
        ...(hasTags ? [tags] : []),
        ...(hasActions ? [actions] : []),
      ]}
      rows={documents}
      keyOf={({ id, runId }) => `${id} ${runId}`}
      empty={empty}
    />
  )
}

function chooseColumn(
  documents: readonly DocumentRow[],
  { chosen, choose }: { chosen: ReadonlySet<string>; choose: (ids: readonly string[]) => void },
): Column<DocumentRow> {
  const ids = documents.map(({ id }) => id)
  const areAll = ids.every((id) => chosen.has(id))
  return {
    title: 'Choose',
    heading: (
      <input
        type="checkbox"
        aria-label="Choose all of this page"
        checked={areAll}
        onChange={() => choose(areAll ? [] : ids)}
      />
    ),
    cell: ({ id, name }) => (
      <input
        type="checkbox"
        aria-label={`Choose ${name}`}
        checked={chosen.has(id)}
        onChange={() =>
          choose(chosen.has(id) ? [...chosen].filter((each) => each !== id) : [...chosen, id])
        }
      />
    ),
  }
}
