import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findHits } from '../../../../services/api/search/hits.ts'
import { parseSearchQuery } from '../../../../services/api/search/query.ts'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { makePage } from '../../../helpers/ledger/records.ts'

/** A page of these lines, each a separate block; the left edge of word n is at n. */
function pageOf(...lines: string[]): PageResult {
  let x0 = 0
  const located = { confidence: 90, bbox: { x0: 0, y0: 0, x1: 0, y1: 0 } }
  const blocks = lines.map((text) => {
    const words = text
      .split(' ')
      .map((word) => ({ text: word, confidence: 80, bbox: { x0, y0: 1, x1: ++x0, y1: 2 } }))
    const line = { ...located, text, baseline: located.bbox, size: 1, words }
    return { ...located, text, paragraphs: [{ ...located, text, lines: [line] }] }
  })
  return makePage({ text: lines.join('\n'), blocks })
}

const search = (page: PageResult, q: string) => findHits(page, parseSearchQuery(q).wanted)
const wordsOf = (page: PageResult, q: string) => search(page, q).words.map(({ text }) => text)
const snippetOf = (page: PageResult, q: string) => search(page, q).snippet

test('matching words have their boxes, in reading order', () => {
  const { words } = search(pageOf('one two three', 'TWO four'), 'four two')
  assert.deepEqual(words, [
    { text: 'two', confidence: 80, bbox: { x0: 1, y0: 1, x1: 2, y1: 2 } },
    { text: 'TWO', confidence: 80, bbox: { x0: 3, y0: 1, x1: 4, y1: 2 } },
    { text: 'four', confidence: 80, bbox: { x0: 4, y0: 1, x1: 5, y1: 2 } },
  ])
})

test('a word matches through surrounding punctuation', () => {
  const page = pageOf("said (O'Brien), and", '“Ångström”')
  assert.deepEqual(wordsOf(page, 'brien angstrom'), ["(O'Brien),", '“Ångström”'])
  assert.deepEqual(wordsOf(page, 'bri'), [])
  assert.deepEqual(wordsOf(page, 'bri* ang*'), ["(O'Brien),", '“Ångström”'])
})

test('a phrase matches consecutive words, across lines and within words', () => {
  const page = pageOf('a quick brown', 'fox is not brown quick', "O'Brien e-mail")
  assert.deepEqual(wordsOf(page, '"quick brown"'), ['quick', 'brown'])
  assert.deepEqual(wordsOf(page, '"brown fox"'), ['brown', 'fox'])
  assert.deepEqual(wordsOf(page, '"brown fo"*'), ['brown', 'fox'])
  assert.deepEqual(wordsOf(page, '"bro fox"*'), [], 'only the last word is a prefix')
  assert.deepEqual(wordsOf(page, '"brien e"'), ["O'Brien", 'e-mail'])
  assert.deepEqual(wordsOf(page, '"quick a"'), [])
  assert.deepEqual(wordsOf(page, '"mail e"'), [], 'the page ends')
})

test('both halves of a hyphenated word are hit, each with its box', () => {
  const page = pageOf('so the solu-', 'tion of inter-', 'natio-', 'nal law')
  assert.deepEqual(wordsOf(page, 'solution'), ['solu-', 'tion'])
  assert.deepEqual(wordsOf(page, '"the solution of"'), ['the', 'solu-', 'tion', 'of'])
  assert.deepEqual(wordsOf(page, 'tion'), ['tion'])
  assert.deepEqual(wordsOf(page, 'international so'), ['so', 'inter-', 'natio-', 'nal'])
  assert.equal(
    snippetOf(page, 'solution law'),
    'so the <mark>solu- tion</mark> of inter- natio- nal <mark>law</mark>',
  )
})

test('in scripts without spaces the words that a hit touches are hit', () => {
  const page = pageOf('日本 に お ける 図', '書 館 の 歴史')
  assert.deepEqual(wordsOf(page, '図書館'), ['図', '書', '館'])
  assert.deepEqual(wordsOf(page, '本に'), ['日本', 'に'])
  assert.deepEqual(wordsOf(page, '館'), ['館'])
  assert.deepEqual(wordsOf(page, '史'), ['歴史'])
  assert.equal(snippetOf(page, '本にお'), '日<mark>本 に お</mark> ける 図 書 館 の 歴史')
})

test('a word that matches two terms is listed once, and at most a hundred words are listed', () => {
  assert.deepEqual(wordsOf(pageOf('one two'), 'two "one two" tw*'), ['one', 'two'])
  const { words } = search(pageOf(Array.from({ length: 150 }, () => 'the').join(' ')), 'the')
  assert.equal(words.length, 100)
  assert.equal(words.at(-1)?.bbox.x0, 99)
})

test('a page without boxes has a snippet and no words', () => {
  const page = makePage({ text: 'Hello there', blocks: [] })
  assert.deepEqual(search(page, 'there'), { snippet: 'Hello <mark>there</mark>', words: [] })
})

test('the snippet is HTML: hits are marked, everything else is escaped', () => {
  const page = pageOf('<b>fox</b> & "fox\'s"', '<script>')
  assert.equal(
    snippetOf(page, 'fox'),
    '&lt;b&gt;<mark>fox</mark>&lt;/b&gt; &amp; &quot;<mark>fox</mark>&#39;s&quot; &lt;script&gt;',
  )
})

test('a phrase is marked as a whole, also across lines, and overlapping hits are merged', () => {
  const page = pageOf('the quick brown', 'fox jumps')
  assert.equal(snippetOf(page, '"brown fox"'), 'the quick <mark>brown fox</mark> jumps')
  assert.equal(
    snippetOf(page, '"quick brown" "brown fox" fox'),
    'the <mark>quick brown fox</mark> jumps',
  )
})

const filler = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(' ')
/** The text of a snippet, as a browser would show it. */
const shown = (snippet: string) => snippet.replaceAll(/<\/?mark>/g, '')

test('a long text is cut around the first hit at whole words, with an ellipsis', () => {
  const text = `${filler(100)} needle ${filler(100)} needle`
  const snippet = snippetOf(pageOf(text), 'needle')
  assert.match(snippet, /^… w\d+ .*<mark>needle<\/mark>.* w\d+ …$/)
  assert.equal(snippet.split('needle').length, 2, 'the second one is far away')
  const inner = shown(snippet).slice(2, -2)
  assert.ok(text.includes(` ${inner} `), 'whole words')
  assert.ok(inner.length > 170 && inner.length <= 200, `${inner.length} characters`)
})

test('only a truncated end has an ellipsis', () => {
  assert.match(
    snippetOf(pageOf(`needle ${filler(100)}`), 'needle'),
    /^<mark>needle<\/mark> w0 .* …$/,
  )
  assert.match(snippetOf(pageOf(`${filler(100)} needle\n`), 'needle'), /^… .*<mark>needle<\/mark>$/)
  assert.doesNotMatch(snippetOf(pageOf(filler(20)), 'w3'), /…/)
})

test('a text without spaces is cut between characters, never within one', () => {
  for (const shift of ['', 'a']) {
    const text = `${shift}${'🥇'.repeat(200)}!needle!${'🥇'.repeat(200)}`
    const snippet = snippetOf(pageOf(text), 'needle')
    assert.match(snippet, /^… .*!<mark>needle<\/mark>!.* …$/u)
    assert.ok(snippet.isWellFormed())
    assert.ok(snippet.length < 230)
  }
  const long = snippetOf(pageOf('n'.repeat(10_000)), 'nn*')
  assert.equal(long, `<mark>${'n'.repeat(200)}</mark> …`)
})

test('a page without a hit shows its beginning', () => {
  const { snippet, words } = search(pageOf(filler(100)), 'absent')
  assert.match(snippet, /^w0 w1 .* …$/)
  assert.deepEqual(words, [])
  assert.equal(snippetOf(makePage({ text: '' }), 'absent'), '')
})
