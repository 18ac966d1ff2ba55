import type { OutputDocument } from '../format.ts'
import { partsOf, type Part } from '../structure/parts.ts'
import type { PageTable } from '../structure/tables.ts'

/** GitHub-flavoured Markdown; from the second page on, each begins with a comment of its number. */
export function* writeMarkdown({ pages }: OutputDocument): Generator<string> {
  let isFirst = true
  for (const page of pages) {
    const parts = partsOf(page).map(toMarkdown)
    const begin = isFirst ? [] : [`<!-- page ${page.page} -->`]
    const text = [...begin, ...parts].join('\n\n')
    if (text !== '') yield `${isFirst ? '' : '\n'}${text}\n`
    isFirst = false
  }
}

export function toMarkdown(part: Part): string {
  switch (part.kind) {
    case 'heading':
      return `${'#'.repeat(part.level)} ${escape(part.text)}`
    case 'paragraph':
      return escape(part.text)
    case 'list':
      return part.items
        .map(({ mark, text }) => `${part.isNumbered ? mark : '-'} ${escape(text)}`)
        .join('\n')
    case 'table':
      return toPipes(part.table)
  }
}

/** The format needs a header: an empty one where the table has none. */
function toPipes({ rows, hasHeader }: PageTable): string {
  const [first = []] = rows
  const header = hasHeader ? first : first.map(() => '')
  const body = hasHeader ? rows.slice(1) : rows
  return [header, first.map(() => '---'), ...body]
    .map((cells, at) => toRow(cells, at === 1))
    .join('\n')
}

const toRow = (cells: readonly string[], isRule: boolean): string =>
  `| ${cells.map((cell) => (isRule ? cell : escapeInline(cell).replaceAll('|', '\\|'))).join(' | ')} |`

/** Characters that format text within a line; an underscore within a word does not. */
const formatting = /[\\`*[\]<>~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu
/** The sign before which a backslash keeps a line from beginning a block. */
const blockStart = /^(?:\d{1,9}(?=[.)](?:\s|$))|(?=#{1,6}\s|[+-](?:\s|$)|=+$|-{3,}$))/

const escapeInline = (text: string): string => text.replaceAll(formatting, String.raw`\$&`)

const escape = (text: string): string => escapeInline(text).replace(blockStart, '$&\\')
