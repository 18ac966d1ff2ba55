import type { OutputDocument } from '../format.ts'

/** Plain UTF-8 text, a form feed between pages, a newline at the end unless it is empty. */
export function* writeText({ pages }: OutputDocument): Generator<string> {
  let isEmpty = true
  let separator = ''
  for (const { text } of pages) {
    yield separator + text
    isEmpty &&= separator === '' && text === ''
    separator = '\f'
  }
  if (!isEmpty) yield '\n'
}
