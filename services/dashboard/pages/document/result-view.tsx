import type { ScriptoriumDocument } from '../../../../shared/contract/result/document.ts'
import type { FailedPage, PageResult } from '../../../../shared/contract/result/page.ts'
import { ApiProblem, getJson } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { DocumentRow } from '../../live/views.ts'
import { Failure } from '../../parts/failure/failure.tsx'
import { formatCount, many } from '../../parts/format.ts'
import { Notice, ProblemNotice, Ready } from '../../parts/notice.tsx'
import { Time } from '../../parts/time.tsx'
import { withQuery } from '../../parts/list/query-link.ts'
import { go, query } from '../../router.ts'
import { PageDetails } from './page-details.tsx'
import { PageReader, type Sheet } from './page-reader.tsx'

/** One page of a document: its layout, its text, and how it was read. */
export function ResultView({ document, route }: { document: DocumentRow; route: string }) {
  const count = document.progress.pagesTotal ?? 1
  const asked = Number(query.value.get('page') ?? '1')
  const page = Number.isInteger(asked) && asked > 0 ? asked : 1
  const url = `${route}/result?format=json&page=${page}`
  const result = useLoaded(`${url} ${document.finishedAt ?? ''}`, (signal) =>
    getJson<ScriptoriumDocument>(url, signal),
  )
  return (
    <section>
      <header class="title">
        <h2>{count > 1 ? `Page ${formatCount(page)} of ${formatCount(count)}` : 'Text'}</h2>
        <PageLinks page={page} count={count} />
      </header>
      {isMissingPage(result.problem) ? (
        <MissingPage document={document} route={route} page={page} />
      ) : (
        <Ready of={result}>
          {({ pages: [first] }) =>
            first === undefined ? null : (
              <ReadPage page={first} route={route} count={count} version={document.sha256 ?? ''} />
            )
          }
        </Ready>
      )}
    </section>
  )
}

const isMissingPage = (problem: ApiProblem | undefined): boolean => problem?.code === 'unknown_page'

const jump = (event: Event): void => {
  const field = event.currentTarget
  if (!(field instanceof HTMLInputElement) || !field.checkValidity()) return
  go(withQuery({ page: field.value }), { replace: true })
}

/** `Enter` on them works as on any link: no key of the browser's is taken. */
function PageLinks({ page, count }: { page: number; count: number }) {
  if (count < 2) return null
  const link = (to: number, text: string) =>
    to < 1 || to > count ? (
      <span class="muted">{text}</span>
    ) : (
      <a href={withQuery({ page: String(to) })}>{text}</a>
    )
  return (
    <nav class="pages" aria-label="Pages of the document">
      {link(page - 1, 'Previous page')}
      <input
        key={page}
        type="number"
        aria-label="Page"
        min={1}
        max={count}
        required
        defaultValue={page}
        onChange={jump}
      />
      {link(page + 1, 'Next page')}
    </nav>
  )
}

function ReadPage({ page, ...about }: { page: PageResult } & Omit<Sheet, 'page'>) {
  return (
    <>
      {page.warnings?.map(({ code, message }) => (
        <Notice key={code} tone="bad">
          <p>
            {message} <code class="muted">{code}</code>
          </p>
        </Notice>
      ))}
      {page.correction !== undefined && (
        <p class="muted">
          Corrected by {page.correction.author}, <Time at={page.correction.at} />
        </p>
      )}
      <PageReader page={page} {...about} />
      <PageDetails page={page} />
    </>
  )
}

/** A page without a result: that of a partly read document names its reason. */
function MissingPage({
  document,
  route,
  page,
}: {
  document: DocumentRow
  route: string
  page: number
}) {
  const first = useLoaded(`${route} failed pages`, async (signal) => {
    if (document.outcome !== 'partial') return []
    const url = `${route}/result?format=json`
    return (await getJson<ScriptoriumDocument>(url, signal)).failedPages
  })
  return (
    <Ready of={first}>
      {(failed: readonly FailedPage[]) => {
        const error = failed.find((each) => each.page === page)?.error
        if (error === undefined) {
          const count = document.progress.pagesTotal ?? 1
          const problem = new ApiProblem(
            'unknown_page',
            404,
            `The document has ${many(count, 'page')}, and no text of page ${page}.`,
          )
          return <ProblemNotice problem={problem} />
        }
        return (
          <Notice tone="bad">
            <Failure error={error} />
          </Notice>
        )
      }}
    </Ready>
  )
}
