import type { OutputDocument } from '../format.ts'

/** The contract's document on one line: an `OUT/<path>.json` file, or a line of `results.ndjson`. */
export function* writeJson(document: OutputDocument): Generator<string> {
  const entries = Object.entries(document)
  const place = entries.findIndex(([key]) => key === 'pages')
  yield `${JSON.stringify(Object.fromEntries(entries.slice(0, place))).slice(0, -1)},"pages":[`
  let separator = ''
  for (const page of document.pages) {
    yield separator + JSON.stringify(page)
    separator = ','
  }
  yield `],${JSON.stringify(Object.fromEntries(entries.slice(place + 1))).slice(1)}\n`
}
