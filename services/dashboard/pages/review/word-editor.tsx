import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatPercent } from '../../parts/format.ts'
import type { NumberedWord } from '../../parts/words/words.ts'

/** A way through the words: to unsure ones, or by one. */
export type Step = { to: 'unsure' | 'word'; by: 1 | -1 }

/** A field for one word. Enter takes it and goes on, Tab goes on, Escape brings back the text that was there. */
export function WordEditor({
  word,
  text,
  canStep,
  onTake,
  onStep,
}: {
  word: NumberedWord
  /** Its present text. */
  text: string
  canStep: (step: Step) => boolean
  onTake: (typed: string) => void
  /** `typed` is the text in the field. */
  onStep: (step: Step, typed: string) => void
}) {
  const field = useRef<HTMLInputElement>(null)
  // Before the next key: a fast typist's would be lost.
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true })
    field.current?.select()
  }, [word])
  const press = (event: KeyboardEvent): void => {
    const { current } = field
    if (current === null || event.ctrlKey || event.metaKey) return
    const step = stepOf(event)
    if (event.key === 'Enter') onTake(current.value)
    else if (event.key === 'Escape') current.value = word.text
    else if (step !== undefined && canStep(step)) onStep(step, current.value)
    else return // At the ends Tab leaves the field as in any form.
    event.preventDefault()
  }
  return (
    <label class="word">
      <span class="muted">
        The engine read “{word.text}” with {formatPercent(word.confidence)}
      </span>
      <input
        key={word.number}
        ref={field}
        defaultValue={text}
        size={Math.max(6, word.text.length + 2)}
        aria-label="Word"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onKeyDown={press}
      />
    </label>
  )
}

function stepOf({ key, shiftKey, altKey }: KeyboardEvent): Step | undefined {
  const by = { ArrowRight: 1, ArrowLeft: -1 } as const
  if (key === 'Tab') return { to: 'unsure', by: shiftKey ? -1 : 1 }
  if (altKey && (key === 'ArrowRight' || key === 'ArrowLeft')) return { to: 'word', by: by[key] }
  return undefined
}
