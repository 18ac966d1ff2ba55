import type { ScriptoriumDocument } from '../../../shared/contract.ts'

/** Plain UTF-8 text, a form feed between pages, a newline at the end of what is not empty. */
export function toText({ pages }: ScriptoriumDocument): string {
  const text = pages.map((page) => page.text).join('\f')
  return text === '' ? '' : `${text}\n`
}
