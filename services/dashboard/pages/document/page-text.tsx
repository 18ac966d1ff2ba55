import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { formatPercent } from '../../parts/format.ts'
import { query } from '../../router.ts'
import { PageLayout } from './page-layout.tsx'
import { createMarker, numberWords, sureness, type NumberedWord } from './words.ts'

const numberOf = (target: EventTarget | null): string | undefined =>
  target instanceof Element
    ? target.closest<HTMLElement | SVGElement>('[data-word]')?.dataset['word']
    : undefined

/**
 * The layout of a page beside its text. A word under the pointer is shown in both, with its confidence. With `?q=` the
 * hits of a search are marked.
 */
export function PageText({ page }: { page: PageResult }) {
  const paragraphs = useMemo(() => numberWords(page.blocks), [page])
  const words = useMemo(() => paragraphs.flat(2), [paragraphs])
  const search = query.value.get('q') ?? ''
  const isHit = useMemo(() => createMarker(search), [search])
  const root = useRef<HTMLDivElement>(null)
  const told = useRef<HTMLParagraphElement>(null)

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

  const hits = new Set(words.filter(({ text }) => search !== '' && isHit(text)))
  return (
    <div
      ref={root}
      class="reader"
      onMouseOver={({ target }) => point(numberOf(target))}
      onMouseLeave={() => point(undefined)}
    >
      <PageLayout page={page} words={words} hits={hits} />
      <div class="side">
        <p class="legend muted">
          Words below 90 % are underlined, below 75 % in colour. The pointer, or the arrow keys in
          the text, show a word in both. Mean confidence {formatPercent(page.confidence)}.
        </p>
        <p ref={told} class="told" role="status" />
        <div class="text" role="region" aria-label="Text" tabIndex={0} onKeyDown={step}>
          {words.length === 0 ? (
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
