import type { OutputDocument } from '../format.ts'
import { partsOf } from '../structure/parts.ts'

/** All tables of a document as RFC 4180, an empty line between two of them; empty where there is none. */
export function* writeCsv({ pages }: OutputDocument): Generator<string> {
  let separator = ''
  for (const page of pages) {
    for (const part of partsOf(page)) {
      if (part.kind !== 'table') continue
      yield (
        separator + part.table.rows.map((cells) => `${cells.map(toField).join(',')}\r\n`).join('')
      )
      separator = '\r\n'
    }
  }
}

/** A spreadsheet would run these as formulas; numbers with a sign, and a dash alone, are none. */
const formula = /^(?:[=@\t\r]|[+-](?![\d.,\s()$€£%-]*$))/

function toField(cell: string): string {
  const text = formula.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
