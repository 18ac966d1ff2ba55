/** Scripts without spaces, their punctuation, and full width. */
const spaceless =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\u3000-\u303f\uff01-\uffee]/u
const endsSpaceless = new RegExp(`${spaceless.source}\\p{M}*$`, 'u')
const beginsSpaceless = new RegExp(`^${spaceless.source}`, 'u')

/** Whether two words have no space between them: both are in scripts without spaces, or their punctuation. */
export const areAdjoining = (before: string, after: string): boolean =>
  endsSpaceless.test(before) && beginsSpaceless.test(after)

/** Words as a text, with spaces where their scripts have them. */
export function joinWords(words: readonly string[]): string {
  let text = ''
  for (const word of words)
    text += text === '' || areAdjoining(text.slice(-8), word) ? word : ` ${word}`
  return text
}

/** A letter and a hyphen at a line's end. */
const hyphened = /(?<stem>[\p{L}\p{M}]+)[-\u00ad\u2010\u2e17¬]$/u
const longestWord = 60
const continued = /^\p{Ll}[\p{L}\p{M}]*/u

/**
 * Lines as a text. A word that is hyphenated at a line's end is joined, unless `around`, the text that they are from, has
 * it with a hyphen elsewhere.
 */
export function joinLines(lines: readonly string[], around: string): string {
  let text = ''
  for (const line of lines) {
    const stem = hyphened.exec(text.slice(-longestWord))?.groups?.['stem']
    const rest = continued.exec(line)?.[0]
    if (stem === undefined || rest === undefined)
      text = joinWords(text === '' ? [line] : [text, line])
    else if (around.includes(`${stem}-${rest}`)) text += line
    else text = text.slice(0, -1) + line
  }
  return text
}
