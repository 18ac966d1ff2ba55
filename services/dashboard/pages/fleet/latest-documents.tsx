import type { DocumentRow } from '../../live/views.ts'
import { formatPercent } from '../../parts/format.ts'
import { DocumentBadge } from '../../parts/outcome.tsx'
import { Table, type Column } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

const columns: readonly Column<DocumentRow>[] = [
  {
    title: 'Document',
    cell: ({ id, name }) => (
      <a class="name" href={`/documents/${id}`}>
        {name}
      </a>
    ),
  },
  { title: 'State', cell: (row) => <DocumentBadge {...row} /> },
  {
    title: 'Confidence',
    cell: ({ confidence }) => (confidence === null ? '–' : formatPercent(confidence)),
    isNumber: true,
    isExtra: true,
  },
  { title: 'Accepted', cell: ({ createdAt }) => <Time at={createdAt} />, isExtra: true },
]

export const LatestDocuments = ({ documents }: { documents: readonly DocumentRow[] }) => (
  <>
    <Table
      caption="Latest documents"
      columns={columns}
      rows={documents}
      keyOf={({ id, runId }) => `${id} ${runId}`}
      empty="No document yet. Upload one, or start a run of a folder."
    />
    {documents.length > 0 && (
      <p>
        <a href="/documents">All documents</a>
      </p>
    )}
  </>
)
