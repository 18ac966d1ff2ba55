import { sureness, type NumberedWord } from '../../parts/words/words.ts'

/** A person's changes to a page that are not saved yet. */
export interface WordChanges {
  /** New texts by word number. */
  texts: ReadonlyMap<number, string>
  /** Words that were seen and are right. */
  accepted: ReadonlySet<number>
}

export const noChanges: WordChanges = { texts: new Map(), accepted: new Set() }

export const textIn = ({ texts }: WordChanges, { number, text }: NumberedWord): string =>
  texts.get(number) ?? text

export const isDone = ({ texts, accepted }: WordChanges, { number }: NumberedWord): boolean =>
  texts.has(number) || accepted.has(number)

/** A word that a person should look at. */
export const isUnsure = ({ confidence }: NumberedWord): boolean => sureness(confidence) !== 'sure'

/** Takes a word as it was typed. */
export function settle(
  { texts, accepted }: WordChanges,
  word: NumberedWord,
  typed: string,
): WordChanges {
  const text = typed.trim().replaceAll(/\s+/g, ' ')
  const [changed, seen] = [new Map(texts), new Set(accepted)]
  changed.delete(word.number)
  seen.delete(word.number)
  if (text === word.text) seen.add(word.number)
  else changed.set(word.number, text)
  return { texts: changed, accepted: seen }
}

/** The body of a correction. */
export const correctionOf = (
  draft: WordChanges,
  lines: readonly (readonly NumberedWord[])[],
  revision: number,
) => ({
  revision,
  lines: lines.map((line) =>
    line
      .map((word) => textIn(draft, word))
      .filter((text) => text !== '')
      .join(' '),
  ),
  accepted: [...draft.accepted],
})
