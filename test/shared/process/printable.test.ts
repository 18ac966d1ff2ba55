import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, printableName } from '../../../shared/process/printable.ts'

const shown: readonly [string, string][] = [
  ['C0', String.raw`a\u001bb`],
  ['C1: CSI of one character', String.raw`a\u009bb`],
  ['right-to-left override', String.raw`a\u202eb`],
  ['isolate', String.raw`a\u2066b`],
  ['zero-width space', String.raw`a\u200bb`],
  ['byte order mark', String.raw`a\ufeffb`],
  ['line separator', String.raw`a\u2028b`],
  ['lone surrogate', String.raw`a\ud800b`],
  ['tag, a pair of surrogates', String.raw`a\udb40\udc41b`],
]

for (const [what, escaped] of shown) {
  test(`a terminal receives an escape for: ${what}`, () => {
    const raw = JSON.parse(`"${escaped}"`) as string
    assert.equal(printable(raw), escaped)
    assert.equal(printableName(raw).replaceAll('"', ''), escaped)
    assert.equal(JSON.parse(printable(JSON.stringify({ raw }))).raw, raw, 'JSON keeps its value')
  })
}

test('letters, emoji and our own line breaks stay unchanged', () => {
  const text = 'größe 図書 😀\n\tnext'
  assert.equal(printable(text), text)
  assert.equal(printableName('a\nb'), String.raw`"a\nb"`)
})
