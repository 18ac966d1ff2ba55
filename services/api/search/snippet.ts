/** A part of a text or of a list, `end` just outside. */
export interface Range {
  start: number
  end: number
}

export const shownLength = 200
/** Maximum number of characters before the hit. */
const lead = 70

/** About 200 characters round the first of `hits`, which are sorted by start, as HTML and cut at whole words. */
export function snippetOf(text: string, hits: readonly Range[]): string {
  const shown = rangeAround(text, hits[0]?.start ?? 0)
  const parts: string[] = []
  let at = shown.start
  for (const { start, end } of merge(hits)) {
    if (start >= shown.end) break
    const hit = { start, end: Math.min(end, shown.end) }
    parts.push(toHtml(text, { start: at, end: start }), `<mark>${toHtml(text, hit)}</mark>`)
    at = hit.end
  }
  parts.push(toHtml(text, { start: at, end: shown.end }))
  const before = text.slice(0, shown.start).trim() === '' ? '' : '… '
  const after = text.slice(shown.end).trim() === '' ? '' : ' …'
  return `${before}${parts.join('').trim()}${after}`
}

/** Returns the range of a text that is shown around a hit. */
function rangeAround(text: string, hit: number): Range {
  const earliest = Math.max(0, hit - lead)
  const start =
    earliest === 0
      ? 0
      : (spacesIn(text, { start: earliest - 1, end: hit })[0] ?? characterAt(text, earliest))
  const latest = start + shownLength
  if (latest >= text.length) return { start, end: text.length }
  const end = spacesIn(text, { start: hit, end: latest + 1 }).at(-1)
  return { start, end: end ?? characterAt(text, latest) }
}

const spacesIn = (text: string, { start, end }: Range): number[] =>
  Array.from(text.slice(start, end).matchAll(/\s/g), ({ index }) => start + index)

/** A text without spaces is cut anywhere, but not within a surrogate pair. */
const characterAt = (text: string, index: number): number =>
  /^[\udc00-\udfff]/.test(text.slice(index, index + 1)) ? index + 1 : index

/** Hits may overlap where a word is also part of a phrase. */
function merge(hits: readonly Range[]): Range[] {
  const merged: Range[] = []
  for (const { start, end } of hits) {
    const last = merged.at(-1)
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const toHtml = (text: string, { start, end }: Range): string =>
  text
    .slice(start, end)
    .replace(/\s+/g, ' ')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
