export interface SnippetPart {
  text: string
  isHit: boolean
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
}

const decode = (html: string): string =>
  html.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity)

/** Splits a snippet of the API, HTML with hits in `<mark>`, into texts: no part of it is shown as markup. */
export const splitSnippet = (html: string): SnippetPart[] =>
  html
    .split(/<(\/?)mark>/)
    .flatMap((part, index, parts) =>
      index % 2 === 1 || part === ''
        ? []
        : [{ text: decode(part), isHit: index > 0 && parts[index - 1] === '' }],
    )
