import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { formatPercent } from '../../parts/format.ts'
import { may } from '../../live/session.ts'
import { Action } from '../../parts/action.tsx'
import { copyText } from './copy-text.ts'
import { withQuery } from '../../parts/list/query-link.ts'
import { uprightOf } from '../../parts/words/upright.ts'
import { go, query } from '../../router.ts'
import { PageView, zoomed } from './page-view.tsx'
import { createMarker, numberWords, sureness, type NumberedWord } from '../../parts/words/words.ts'

const numberOf = (target: EventTarget | null): string | undefined =>
  target instanceof Element
    ? target.closest<HTMLElement | SVGElement>('[data-word]')?.dataset['word']
    : undefined

/** A page, and the document that it belongs to. */
export interface Sheet {
  page: PageResult
  route: string
  /** Pages of the document. */
  count: number
  /** Changes with the file. */
  version: string
}

/**
 * The picture of a page beside its text. A word under the pointer is shown in both, with its confidence. With `?q=` the
 * hits of a search are marked.
 */
export function PageReader({ page, ...about }: Sheet) {
  const upright = useMemo(() => uprightOf(page), [page])
  const paragraphs = useMemo(() => numberWords(page.blocks, upright), [page])
  const [zoom, setZoom] = useState(0)
  const words = useMemo(() => paragraphs.flat(2), [paragraphs])
  const search = query.value.get('q') ?? ''
  const isHit = useMemo(() => createMarker(search), [search])
  const root = useRef<HTMLDivElement>(null)
  const told = useRef<HTMLSpanElement>(null)

  useEffect(() => {
    root.current?.querySelector('mark')?.scrollIntoView({ block: 'center' })
  }, [page, search])

  /** Elements are changed here and not rendered again: a page has thousands of words. */
  const point = (number: string | undefined): void => {
    const { current } = root
    if (current === null) return
    for (const shown of current.querySelectorAll('.pointed')) shown.classList.remove('pointed')
    const word = number === undefined ? undefined : words[Number(number) - 1]
    if (told.current !== null) {
      told.current.textContent =
        word === undefined ? '' : `“${word.text}”: ${formatPercent(word.confidence)}`
    }
    if (number === undefined) return
    for (const shown of current.querySelectorAll(`[data-word="${number}"]`)) {
      shown.classList.add('pointed')
    }
  }

  /** Arrow keys go from word to word. */
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const pointed = numberOf(root.current?.querySelector('.text .pointed') ?? null)
    const next = Math.min(words.length, Math.max(1, Number(pointed ?? 0) + by))
    point(String(next))
    root.current?.querySelector('.text .pointed')?.scrollIntoView({ block: 'nearest' })
  }

  /** Keys of the reader: they act only while the focus is in it. */
  const press = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement)
      return
    const to = page.page + ({ n: 1, p: -1 }[event.key] ?? 0)
    const by = ({ '+': 1, '-': -1 } as const)[event.key]
    if (by !== undefined) setZoom(zoomed(zoom, by))
    else if (event.key === '0') setZoom(0)
    else if (to !== page.page && to >= 1 && to <= about.count) {
      go(withQuery({ page: String(to) }), { replace: true })
    } else return
    event.preventDefault()
  }

  const hits = new Set(words.filter(({ text }) => search !== '' && isHit(text)))
  return (
    <div
      ref={root}
      class="reader"
      onMouseOver={({ target }) => point(numberOf(target))}
      onMouseLeave={() => point(undefined)}
      onKeyDown={press}
    >
      <PageView
        page={page}
        {...about}
        upright={upright}
        words={words}
        hits={hits}
        zoom={zoom}
        onZoom={setZoom}
      />
      <div class="side">
        <p class="legend muted">
          Words below 90 % are underlined, below 75 % in colour. The pointer, or the arrow keys in
          the text, show a word in both. <kbd>+</kbd> <kbd>-</kbd> <kbd>0</kbd> change the size,{' '}
          <kbd>n</kbd> and <kbd>p</kbd> the page. Mean confidence {formatPercent(page.confidence)}.
        </p>
        <p class="tools">
          <Action run={() => copyText(page.text)}>Copy the text</Action>
          {may('submit') && words.length > 0 && (
            <a href={`/review/${about.route.split('/').at(-1)}?page=${page.page}`}>Correct it</a>
          )}
          <span ref={told} class="told" role="status" />
        </p>
        <div class="text" role="region" aria-label="Text" tabIndex={0} onKeyDown={step}>
          {page.text.trim() === '' ? (
            <p class="muted">The page was read and has no text.</p>
          ) : words.length === 0 ? (
            <p class="plain">{page.text}</p>
          ) : (
            paragraphs.map((lines, index) => (
              <p key={index}>
                {lines.map((line, place) => (
                  <span key={place} class="line">
                    {line.map((word) => (
                      <WordText key={word.number} word={word} isMarked={hits.has(word)} />
                    ))}
                  </span>
                ))}
              </p>
            ))
          )}
        </div>
      </div>
    </div>
  )
}

function WordText({ word, isMarked }: { word: NumberedWord; isMarked: boolean }) {
  const { number, text, confidence } = word
  const shown = (
    <span class={sureness(confidence)} data-word={number}>
      {text}
    </span>
  )
  return <>{isMarked ? <mark>{shown}</mark> : shown} </>
}
