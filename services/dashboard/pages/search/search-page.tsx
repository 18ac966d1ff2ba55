import { useRef } from 'preact/hooks'
import { getJson, queryOf } from '../../live/api.ts'
import { useLoaded } from '../../live/loaded.ts'
import type { Hit, Listed } from '../../live/views.ts'
import { Ready } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { Pager } from '../../parts/list/pager.tsx'
import { go, query } from '../../router.ts'
import { splitSnippet } from './snippet.ts'

const limit = 20

/** `/search?q=`: pages by their words, best first. */
export function SearchPage() {
  const text = query.value.get('q') ?? ''
  const field = useRef<HTMLInputElement>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    go(`/search${queryOf({ q: field.current?.value.trim() })}`)
  }
  return (
    <Page title="Search">
      <form class="search" role="search" onSubmit={submit}>
        <label class="unseen" for="search">
          Search the text of all documents
        </label>
        <input
          key={text}
          ref={field}
          id="search"
          type="search"
          maxLength={1_000}
          defaultValue={text}
        />
        <button type="submit" class="main">
          Search
        </button>
      </form>
      <p class="muted">
        Words, “phrases” in <code>"</code>, <code>prefix*</code>, and <code>-excluded</code> words.
      </p>
      {text !== '' && <Hits text={text} />}
    </Page>
  )
}

function Hits({ text }: { text: string }) {
  const url = `/v1/search${queryOf({ q: text, limit, cursor: query.value.get('cursor') ?? undefined })}`
  const found = useLoaded(url, (signal) => getJson<Listed<Hit>>(url, signal))
  return (
    <Ready of={found}>
      {({ items, nextCursor }) =>
        items.length === 0 ? (
          <p class="empty" role="status">
            No page matches.
          </p>
        ) : (
          <>
            <ol class="hits">
              {items.map((hit) => (
                <HitItem key={`${hit.documentId} ${hit.page}`} hit={hit} text={text} />
              ))}
            </ol>
            <Pager next={nextCursor} />
          </>
        )
      }
    </Ready>
  )
}

function HitItem({ hit: { documentId, name, page, snippet }, text }: { hit: Hit; text: string }) {
  const to = `/documents/${encodeURIComponent(documentId)}${queryOf({ page, q: text })}`
  return (
    <li>
      <a class="name" href={to}>
        {name}
      </a>{' '}
      <span class="muted">page {page}</span>
      <p>
        {splitSnippet(snippet).map(({ text: part, isHit }, index) =>
          isHit ? <mark key={index}>{part}</mark> : part,
        )}
      </p>
    </li>
  )
}
