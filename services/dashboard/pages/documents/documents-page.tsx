import { useEffect, useState } from 'preact/hooks'
import { causes } from '../../parts/failure/causes.ts'
import { withQuery } from '../../parts/list/query-link.ts'
import { go } from '../../router.ts'
import { Bulk } from './bulk.tsx'
import type { DocumentRow } from '../../live/views.ts'
import { DocumentTable } from '../../parts/list/document-table.tsx'
import { ChoiceFilter, DayFilter, TextFilter } from '../../parts/list/filter.tsx'
import { Ready } from '../../parts/notice.tsx'
import { outcomeNames } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { Pager } from '../../parts/list/pager.tsx'
import { warningNames } from '../../parts/warnings.ts'
import { isFiltered, useList } from '../../parts/list/use-list.ts'

const filters = [
  'status',
  'outcome',
  'warning',
  'error',
  'name',
  'tag',
  'maxConfidence',
  'since',
  'before',
  'run',
]
const limit = 50

/** Outcomes that a list can be filtered by; `skipped_unchanged` is counted, not listed. */
const outcomeOptions = Object.entries(outcomeNames).filter(([name]) => name !== 'skipped_unchanged')

const errorOptions = Object.entries(causes).map(([code, { cause }]) => [code, cause] as const)

/** `/documents`: all documents, newest first. */
export function DocumentsPage() {
  const list = useList<DocumentRow>('/v1/documents', filters, limit)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  return (
    <Page title="Documents">
      <div class="filters">
        <ChoiceFilter
          name="status"
          label="Status"
          options={[
            ['', 'Any'],
            ['queued', 'Waiting'],
            ['reading', 'Being read'],
            ['finished', 'Finished'],
          ]}
        />
        <ChoiceFilter name="outcome" label="Outcome" options={[['', 'Any'], ...outcomeOptions]} />
        <ChoiceFilter
          name="warning"
          label="Warning"
          options={[['', 'Any or none'], ...Object.entries(warningNames)]}
        />
        <ChoiceFilter
          name="maxConfidence"
          label="Confidence"
          options={[
            ['', 'Any'],
            ['90', 'At most 90 %'],
            ['80', 'At most 80 %'],
            ['70', 'At most 70 %'],
            ['50', 'At most 50 %'],
          ]}
        />
        <ChoiceFilter name="error" label="Error" options={[['', 'Any or none'], ...errorOptions]} />
        <TextFilter name="name" label="Name contains" />
        <TextFilter name="tag" label="Tag" />
        <DayFilter name="since" label="Since" />
        <DayFilter name="before" label="Before" />
        <TextFilter name="run" label="Run" />
      </div>
      <Ready of={list}>
        {({ items, nextCursor }) =>
          items.length === 0 && nextCursor !== null ? (
            <Onward next={nextCursor} />
          ) : (
            <>
              <Bulk documents={items} chosen={chosen} onDone={list.reload} />
              <DocumentTable
                caption="Documents"
                documents={items}
                empty={isFiltered(filters) ? 'No document matches the filter.' : 'No document yet.'}
                onChange={list.reload}
                selection={{ chosen, choose: (ids) => setChosen(new Set(ids)) }}
              />
              <Pager next={nextCursor} />
            </>
          )
        }
      </Ready>
    </Page>
  )
}

/** A list of few matches among many documents comes in parts, some of which are empty. */
function Onward({ next }: { next: string }) {
  useEffect(() => go(withQuery({ cursor: next }), { replace: true }), [next])
  return (
    <p class="muted" role="status">
      Searching further back …
    </p>
  )
}
