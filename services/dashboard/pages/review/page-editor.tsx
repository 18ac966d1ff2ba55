import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { ApiProblem, sendJson } from '../../live/api.ts'
import { imageRoute, usePageImage } from '../../live/page-image.ts'
import { may } from '../../live/session.ts'
import { many } from '../../parts/format.ts'
import { Notice } from '../../parts/notice.tsx'
import { uprightOf } from '../../parts/words/upright.ts'
import { numberWords, type NumberedWord } from '../../parts/words/words.ts'
import {
  correctionOf,
  noChanges,
  isDone,
  isUnsure,
  settle,
  textIn,
  type WordChanges,
} from './draft.ts'
import { LinePicture } from './line-picture.tsx'
import { WordEditor, type Step } from './word-editor.tsx'

/** Width of the picture that lines are cut from, pixels. */
const pictureWidth = 2_600

/** A page to correct: its unsure words one by one, with their line's picture, over the whole text. */
export function PageEditor({
  page,
  revision,
  route,
  version,
  onSaved,
  onReload,
}: {
  page: PageResult
  revision: number
  route: string
  version: string
  onSaved: () => void
  onReload: () => void
}) {
  const upright = useMemo(() => uprightOf(page), [page])
  const lines = useMemo(() => numberWords(page.blocks, upright).flat(), [page])
  const words = useMemo(() => lines.flat(), [lines])
  const unsure = useMemo(() => words.filter(isUnsure), [words])
  const image = usePageImage(imageRoute(route, page.page, pictureWidth), version)
  const [draft, setDraft] = useState<WordChanges>(noChanges)
  const [at, setAt] = useState<NumberedWord | undefined>(unsure[0])
  const [problem, setProblem] = useState<ApiProblem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const save = useRef<HTMLButtonElement>(null)
  const text = useRef<HTMLDivElement>(null)

  useLayoutEffect(() => {
    if (at === undefined) save.current?.focus()
    else text.current?.querySelector('.current')?.scrollIntoView({ block: 'nearest' })
  }, [at])

  const next = ({ to, by }: Step): NumberedWord | undefined => {
    const all = to === 'unsure' ? unsure : words
    const here = at?.number ?? 0
    return by === 1
      ? all.find(({ number }) => number > here)
      : all.findLast(({ number }) => number < here)
  }
  const isChanged = (typed: string): boolean => at !== undefined && typed !== textIn(draft, at)
  const take = (typed: string): void => {
    if (at === undefined) return
    const now = settle(draft, at, typed)
    setDraft(now)
    const open = unsure.filter((word) => !isDone(now, word))
    setAt(open.find(({ number }) => number > at.number) ?? open[0])
  }
  const step = (by: Step, typed: string): void => {
    if (at !== undefined && isChanged(typed)) setDraft(settle(draft, at, typed))
    setAt(next(by))
  }
  const send = async (): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      await sendJson(
        'PUT',
        `${route}/pages/${page.page}/text`,
        correctionOf(draft, lines, revision),
      )
      onSaved()
    } catch (thrown) {
      setProblem(
        thrown instanceof ApiProblem ? thrown : new ApiProblem('unexpected', 0, String(thrown)),
      )
    } finally {
      setBusy(false)
    }
  }
  const done = unsure.filter((word) => isDone(draft, word)).length
  const line = at === undefined ? undefined : lines.find((each) => each.includes(at))
  return (
    <section class="review">
      <p class="muted" role="status">
        {unsure.length === 0
          ? 'The engine was sure of every word.'
          : `${done} of ${many(unsure.length, 'unsure word')} checked.`}
      </p>
      {!may('submit') && (
        <Notice>
          <p>This token may read, and not correct: that takes the scope submit.</p>
        </Notice>
      )}
      {at !== undefined && line !== undefined && may('submit') && (
        <div class="current-line">
          <LinePicture page={page} upright={upright} image={image.value} line={line} word={at} />
          {image.problem !== undefined && <p class="muted">No picture: {image.problem.message}</p>}
          <WordEditor
            word={at}
            text={textIn(draft, at)}
            canStep={(by) => next(by) !== undefined}
            onTake={take}
            onStep={step}
          />
        </div>
      )}
      {may('submit') && (
        <p class="actions">
          <button
            ref={save}
            type="button"
            class="main"
            disabled={isBusy}
            onClick={() => void send()}
          >
            Save and go on
          </button>
          <span class="muted">
            <kbd>Enter</kbd> takes a word, <kbd>Tab</kbd> goes to the next unsure one,{' '}
            <kbd>Alt</kbd> + <kbd>→</kbd> to the next word, <kbd>Esc</kbd> brings back the text. An
            empty word is removed, a space divides it.
          </span>
        </p>
      )}
      {problem !== null && (
        <Notice tone="bad">
          <p>{problem.message}</p>
          {problem.code === 'revision_conflict' && (
            <button type="button" onClick={onReload}>
              Load it again
            </button>
          )}
        </Notice>
      )}
      <div ref={text} class="text" role="region" aria-label="Text" tabIndex={0}>
        {lines.map((each, index) => (
          <span key={index} class="line">
            {each.map((word) => (
              <WordText
                key={word.number}
                word={word}
                draft={draft}
                isCurrent={word === at}
                onPick={() => may('submit') && setAt(word)}
              />
            ))}
          </span>
        ))}
      </div>
    </section>
  )
}

/** The pointer picks a word; keys go from word to word in its field. */
function WordText({
  word,
  draft,
  isCurrent,
  onPick,
}: {
  word: NumberedWord
  draft: WordChanges
  isCurrent: boolean
  onPick: () => void
}) {
  const state = isDone(draft, word) ? 'done' : isUnsure(word) ? 'open' : ''
  return (
    <>
      <span class={`${state}${isCurrent ? ' current' : ''}`} onClick={onPick}>
        {textIn(draft, word)}
      </span>{' '}
    </>
  )
}
