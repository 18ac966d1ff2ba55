import type { DocumentRow } from '../../live/views.ts'
import { may } from '../../live/session.ts'
import { Action } from '../../parts/action.tsx'
import { DocumentTable, retryDocument } from '../../parts/document-table.tsx'
import { ChoiceFilter, TextFilter } from '../../parts/list/filter.tsx'
import { many } from '../../parts/format.ts'
import { Ready } from '../../parts/notice.tsx'
import { isRetryable, outcomeNames } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { Pager } from '../../parts/list/pager.tsx'
import { warningNames } from '../../parts/warnings.ts'
import { isFiltered, useList } from '../../parts/list/use-list.ts'

const filters = ['status', 'outcome', 'warning', 'run', 'tag']
const limit = 50

/** Outcomes that a list can be filtered by; `skipped_unchanged` is counted, not listed. */
const outcomeOptions = Object.entries(outcomeNames).filter(([name]) => name !== 'skipped_unchanged')

/** `/documents`: all documents, newest first. */
export function DocumentsPage() {
  const list = useList<DocumentRow>('/v1/documents', filters, limit)
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
        <TextFilter name="tag" label="Tag" />
        <TextFilter name="run" label="Run" />
      </div>
      <Ready of={list}>
        {({ items, nextCursor }) => (
          <>
            <RetryAll documents={items} onDone={list.reload} />
            <DocumentTable
              caption="Documents"
              documents={items}
              empty={isFiltered(filters) ? 'No document matches the filter.' : 'No document yet.'}
              onChange={list.reload}
            />
            <Pager next={nextCursor} />
          </>
        )}
      </Ready>
    </Page>
  )
}

/** Retries the failed documents of this page of the list, one after the other. */
function RetryAll({
  documents,
  onDone,
}: {
  documents: readonly DocumentRow[]
  onDone: () => void
}) {
  const failed = documents.filter(isRetryable)
  if (failed.length < 2 || !may('submit')) return null
  const retry = async (): Promise<void> => {
    try {
      for (const { id } of failed) await retryDocument(id)
    } finally {
      onDone()
    }
  }
  return (
    <p class="bulk">
      <Action run={retry}>Retry {many(failed.length, 'document')} of this page</Action>
    </p>
  )
}
