import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faces, parts } from '../../../../scripts/tools/print/fonts.ts'
import { composeSheet, htmlOf, kindsOf, truthOf } from '../../../../scripts/tools/print/sheet.ts'

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

/** The words of HTML as a browser shows them: tags of inline elements end a word here, too. */
const shownBy = (html: string): string[] =>
  wordsOf(
    html
      .replace(/<style>.*?<\/style>/s, '')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&amp;', '&'),
  )

for (const part of parts) {
  test(`each kind of ${part} pages has the words of its truth, and the same seed composes them again`, () => {
    for (const kind of kindsOf(part)) {
      const sheet = composeSheet(part, kind, 'a', 0)
      assert.deepEqual(composeSheet(part, kind, 'a', 0), sheet)
      assert.notDeepEqual(composeSheet(part, kind, 'b', 0), sheet)
      const truth = wordsOf(truthOf(sheet))
      assert.ok(truth.length > 20, `${kind}: ${truth.length} words`)
      assert.deepEqual(shownBy(htmlOf([sheet])), truth, kind)
    }
  })
}

test('a page that overflowed has fewer words', () => {
  const lengths = [0, 3, 6].map((attempt) => {
    const sheets = Array.from({ length: 20 }, (_, at) => {
      return composeSheet('seen', 'regular', `page ${at}`, attempt)
    })
    return sheets.reduce((sum, sheet) => sum + wordsOf(truthOf(sheet)).length, 0)
  })
  const [long = 0, shorter = 0, shortest = 0] = lengths
  assert.ok(long > shorter && shorter > shortest, lengths.join(', '))
})

test('the parts have no font in common that both use upright at the same weight and width', () => {
  const nameOf = ({ family, weight, stretch }: (typeof faces.seen)[number]): string =>
    `${family} ${weight ?? 400} ${stretch ?? ''}`
  const seen = new Set(faces.seen.map(nameOf))
  const unseen = faces.unseen.map(nameOf)
  assert.deepEqual(
    unseen.filter((name) => seen.has(name)),
    [],
  )
  assert.ok(seen.size + unseen.length >= 40)
})
