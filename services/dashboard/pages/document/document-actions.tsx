import { downloads, type Download } from './downloads.ts'
import { download, send, sendJson } from '../../live/api.ts'
import { may } from '../../live/session.ts'
import type { DocumentRow } from '../../live/views.ts'
import { Action } from '../../parts/action.tsx'
import { retryDocument } from '../../parts/list/document-table.tsx'
import { isFailure, isRetryable } from '../../parts/outcome.tsx'
import { go, query } from '../../router.ts'

/** The actions that the state of a document and the caller's scopes permit. */
export function DocumentActions({
  document,
  route,
  onChange,
}: {
  document: DocumentRow
  route: string
  onChange: () => void
}) {
  const { id, status, outcome } = document
  const isOver = status === 'finished'
  const cancel = () => sendJson('POST', `${route}/cancel`).then(onChange)
  const remove = async (): Promise<void> => {
    await send(route, { method: 'DELETE' })
    go('/documents')
  }
  const hasText =
    isOver && outcome !== 'cancelled' && (!isFailure(outcome) || outcome === 'partial')
  return (
    <p class="actions">
      {may('submit') && isRetryable(document) && (
        <Action run={() => retryDocument(id).then(onChange)}>Retry</Action>
      )}
      {may('submit') && !isOver && (
        <Action run={cancel} isDanger>
          Cancel
        </Action>
      )}
      {hasText && <span class="muted">Download:</span>}
      {hasText &&
        downloads.map((format) => (
          <Action key={format.name} run={() => downloadAs(document, route, format)}>
            {format.label}
          </Action>
        ))}
      {may('submit') && isOver && (
        <Action
          run={remove}
          confirm="Delete the record, the text, and the input of an upload?"
          isDanger
        >
          Delete
        </Action>
      )}
    </p>
  )
}

/** ALTO and PAGE hold one page: of a longer document the page in view. */
async function downloadAs(
  { name, progress: { pagesTotal } }: DocumentRow,
  route: string,
  { name: format, extension, isOfOnePage }: Download,
): Promise<void> {
  const isPart = isOfOnePage && pagesTotal !== null && pagesTotal > 1
  const page = query.value.get('page') ?? '1'
  const file = name.split('/').at(-1) ?? name
  await download(
    `${route}/result?format=${format}${isPart ? `&page=${page}` : ''}`,
    `${file}${isPart ? `.${page}` : ''}.${extension}`,
  )
}
