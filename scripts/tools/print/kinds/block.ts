import type { Writer } from '../writer.ts'

/** A piece of a page: its HTML, and its words in reading order, one line per paragraph or row. */
export interface Block {
  html: string
  text: string
}

/** Composes the content of a page with about this many words. */
export type Kind = (writer: Writer, length: number) => Block[]

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** One element with text; `style` is CSS. */
export const element = (tag: string, text: string, style = ''): Block => ({
  html: `<${tag} style="${style}">${escaped(text)}</${tag}>`,
  text,
})

/** Lines below each other. */
export const stack = (lines: readonly string[], style = ''): Block => ({
  html: `<p style="${style}">${lines.map(escaped).join('<br>')}</p>`,
  text: lines.join('\n'),
})

/** Blocks in one box. */
export const box = (blocks: readonly Block[], style: string): Block => ({
  html: `<div style="${style}">${blocks.map(({ html }) => html).join('')}</div>`,
  text: blocks.map(({ text }) => text).join('\n'),
})

export interface TableLook {
  /** CSS of the table, of its cells, and of its first row. */
  table?: string
  cell?: string
  head?: string
  /** Columns of figures, which are aligned to the right; all except the first where it is left out. */
  figures?: readonly number[]
}

/** A table; its first row is the head. */
export function table(rows: readonly (readonly string[])[], look: TableLook = {}): Block {
  const {
    table: whole = 'width:100%',
    cell = 'padding:.2em .5em',
    head = 'font-weight:bold',
  } = look
  const isFigure = (column: number): boolean => look.figures?.includes(column) ?? column > 0
  const htmlOf = (row: readonly string[], at: number): string =>
    row
      .map((text, column) => {
        const align = isFigure(column) ? 'right' : 'left'
        return `<td style="text-align:${align};${cell};${at === 0 ? head : ''}">${escaped(text)}</td>`
      })
      .join('')
  return {
    html: `<table style="border-collapse:collapse;${whole}">${rows.map((row, at) => `<tr>${htmlOf(row, at)}</tr>`).join('')}</table>`,
    text: rows.map((row) => row.filter((text) => text !== '').join(' ')).join('\n'),
  }
}

/** Calls `make` for each number from 0. */
export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: Math.max(0, Math.round(count)) }, (_, at) => make(at))
