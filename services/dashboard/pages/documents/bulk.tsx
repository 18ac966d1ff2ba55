import { useState } from 'preact/hooks'
import { send, sendJson } from '../../live/api.ts'
import { may } from '../../live/session.ts'
import type { DocumentRow } from '../../live/views.ts'
import { Action } from '../../parts/action.tsx'
import { retryDocument } from '../../parts/list/document-table.tsx'
import { formatCount, many } from '../../parts/format.ts'
import { isFailure, isRetryable } from '../../parts/outcome.tsx'

const hasText = ({ outcome }: DocumentRow): boolean => outcome !== null && !isFailure(outcome)
const routeOf = (id: string): string => `/v1/documents/${encodeURIComponent(id)}`

/** Actions on the chosen documents of a list; without a choice, a retry of all that failed. */
export function Bulk({
  documents,
  chosen,
  onDone,
}: {
  documents: readonly DocumentRow[]
  chosen: ReadonlySet<string>
  onDone: () => void
}) {
  const [done, setDone] = useState<number | null>(null)
  const some = documents.filter(({ id }) => chosen.has(id))
  const failed = (some.length > 0 ? some : documents).filter(isRetryable)
  const ended = some.filter(({ status }) => status === 'finished')
  const texts = some.filter(hasText)
  /** One after the other; a refusal ends it, and the list shows how far it came. */
  const forEach =
    (rows: readonly DocumentRow[], act: (id: string) => Promise<unknown>) => async () => {
      try {
        for (const [index, { id }] of rows.entries()) {
          setDone(index)
          await act(id)
        }
      } finally {
        setDone(null)
        onDone()
      }
    }
  if (some.length === 0 && (failed.length < 2 || !may('submit'))) return null
  return (
    <p class="bulk">
      {some.length > 0 && <span>{formatCount(some.length)} chosen</span>}
      {may('submit') && failed.length > 0 && (
        <Action run={forEach(failed, retryDocument)}>
          Retry {many(failed.length, 'document')}
          {some.length === 0 && ' of this page'}
        </Action>
      )}
      {texts.length > 0 && (
        <Action run={() => saveTexts(texts)}>Download {many(texts.length, 'text')}</Action>
      )}
      {may('submit') && ended.length > 0 && (
        <Action
          run={forEach(ended, (id) => sendJson('DELETE', routeOf(id)))}
          confirm={`Delete ${many(ended.length, 'document')} with their texts?`}
          isDanger
        >
          Delete {many(ended.length, 'document')}
        </Action>
      )}
      {done !== null && <span role="status">{formatCount(done)} done</span>}
    </p>
  )
}

/** Saves the texts of documents as one archive. */
async function saveTexts(documents: readonly DocumentRow[]): Promise<void> {
  const { downloadZip } = await import('client-zip')
  const taken = new Map<string, number>()
  async function* files() {
    for (const { id, name } of documents) {
      const response = await send(`${routeOf(id)}/result?format=txt`)
      const known = taken.get(name) ?? 0
      taken.set(name, known + 1)
      yield {
        name: `${name}${known === 0 ? '' : ` (${known + 1})`}.txt`,
        input: await response.text(),
      }
    }
  }
  const url = URL.createObjectURL(await downloadZip(files()).blob())
  const link = document.createElement('a')
  link.href = url
  link.download = 'texts.zip'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
