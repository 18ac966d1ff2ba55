import type { ReviewRow } from '../../live/views.ts'
import { formatCount, formatPercent } from '../../parts/format.ts'
import { ChoiceFilter, TextFilter } from '../../parts/list/filter.tsx'
import { Pager } from '../../parts/list/pager.tsx'
import { isFiltered, useList } from '../../parts/list/use-list.ts'
import { Ready } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Table, type Column } from '../../parts/table.tsx'
import { reviewAddress } from './review-document-page.tsx'

const filters = ['below', 'run']
const limit = 50

const columns: readonly Column<ReviewRow>[] = [
  {
    title: 'Document',
    cell: (row) => (
      <a class="name" href={reviewAddress(row)}>
        {row.name}
      </a>
    ),
  },
  { title: 'Page', cell: ({ page }) => formatCount(page), isNumber: true },
  { title: 'Expected right', cell: ({ score }) => formatPercent(score * 100), isNumber: true },
  {
    title: 'Confidence',
    cell: ({ confidence }) => formatPercent(confidence),
    isNumber: true,
    isExtra: true,
  },
  { title: 'Words', cell: ({ words }) => formatCount(words), isNumber: true, isExtra: true },
]

/** `/review`: pages that nobody has checked, worst first. */
export function ReviewPage() {
  const list = useList<ReviewRow>('/v1/review', filters, limit)
  return (
    <Page title="Review">
      <p class="muted">
        Pages on which the engine expects mistakes, worst first. A page leaves the list once
        somebody has saved it.
      </p>
      <div class="filters">
        <ChoiceFilter
          name="below"
          label="Words expected to be right"
          options={[
            ['', 'Below 90 %'],
            ['0.7', 'Below 70 %'],
            ['0.8', 'Below 80 %'],
            ['0.95', 'Below 95 %'],
            ['1.01', 'Any number'],
          ]}
        />
        <TextFilter name="run" label="Run" />
      </div>
      <Ready of={list}>
        {({ items, nextCursor }) => (
          <>
            <Table
              caption="Pages to check"
              columns={columns}
              rows={items}
              keyOf={({ documentId, page }) => `${documentId} ${page}`}
              empty={
                isFiltered(filters)
                  ? 'No unchecked page matches the filter.'
                  : 'No page needs a look.'
              }
            />
            <Pager next={nextCursor} />
          </>
        )}
      </Ready>
    </Page>
  )
}
