import type { ScriptoriumDocument } from '../../../../shared/contract/result/document.ts'
import { getJson, queryOf } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { Listed, ReviewRow } from '../../live/views.ts'
import { Ready } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { go, query } from '../../router.ts'
import { PageEditor } from './page-editor.tsx'

/** The filters of the list, which lead to the next page. */
const filters = (): Record<string, string | undefined> => ({
  run: query.value.get('run') ?? undefined,
  below: query.value.get('below') ?? undefined,
})

/** The address of a page to correct. */
export const reviewAddress = ({ documentId, page }: { documentId: string; page: number }): string =>
  `/review/${encodeURIComponent(documentId)}${queryOf({ page, ...filters() })}`

async function goOn(): Promise<void> {
  const url = `/v1/review${queryOf({ ...filters(), limit: 1 })}`
  const [first] = (await getJson<Listed<ReviewRow>>(url)).items
  go(first === undefined ? `/review${queryOf(filters())}` : reviewAddress(first))
}

/** `/review/ID?page=N`: one page to correct. */
export function ReviewDocumentPage({ id }: { id: string }) {
  const route = `/v1/documents/${encodeURIComponent(id)}`
  const number = Number(query.value.get('page') ?? '1')
  const loaded = useLoaded(`${route} ${number}`, async (signal) => {
    const [document, { revision }] = await Promise.all([
      getJson<ScriptoriumDocument>(`${route}/result?format=json&page=${number}`, signal),
      getJson<{ revision: number }>(`${route}/pages/${number}/text`, signal),
    ])
    return { document, revision }
  })
  const name = loaded.value?.document.path ?? 'Review'
  return (
    <Page
      title={name}
      aside={<a href={`/documents/${encodeURIComponent(id)}?page=${number}`}>Show the document</a>}
    >
      <Ready of={loaded}>
        {({ document: { pages, sha256 }, revision }) =>
          pages.map((page) => (
            <PageEditor
              key={`${id} ${page.page} ${revision}`}
              page={page}
              revision={revision}
              route={route}
              version={sha256 ?? ''}
              onSaved={() => void goOn()}
              onReload={loaded.reload}
            />
          ))
        }
      </Ready>
    </Page>
  )
}
