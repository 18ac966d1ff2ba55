import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { ledgerFile, openLedger } from '../../../../services/ledger/ledger.ts'
import { parseSearchQuery, toMatch } from '../../../../services/api/search/query.ts'
import { indexedText } from '../../../../services/ledger/queries/search/passages.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { makeFolder } from '../../../helpers/folder.ts'

/** Answers which of the texts, by index, a query finds. */
function makeFinder(t: TestContext, texts: readonly string[]): (q: string) => number[] {
  const folder = makeFolder(t)
  openLedger(folder).close()
  const database = new DatabaseSync(ledgerFile(folder))
  t.after(() => database.close())
  const insert = database.prepare('INSERT INTO page_texts (rowid, text) VALUES (?, ?)')
  texts.forEach((text, index) => insert.run(index, indexedText(text)))
  const find = database.prepare('SELECT rowid FROM page_texts WHERE page_texts MATCH ?')
  return (q) => {
    const query = parseSearchQuery(q)
    const groups = query.wanted.map((term) => [term])
    return find.all(toMatch(groups, query)).map((row) => Number(row['rowid']))
  }
}

const letters = [
  'The quick brown fox', // 0
  'A brown dog, and a quick one', // 1
  'Foxes live near AND far', // 2
  "O'Brien wrote an e-mail to Ångström", // 3
  'text: the column of a table', // 4
]

test('all words must match, in any order, ignoring case and accents', (t) => {
  const find = makeFinder(t, letters)
  assert.deepEqual(find('brown QUICK'), [0, 1])
  assert.deepEqual(find('quick fox'), [0])
  assert.deepEqual(find('angstrom'), [3])
  assert.deepEqual(find('fox cat'), [])
})

test('a phrase matches consecutive words, in straight or typographic quotes', (t) => {
  const find = makeFinder(t, letters)
  for (const q of ['"quick brown"', '“quick brown”', '„quick brown“', '«quick brown»']) {
    assert.deepEqual(find(q), [0], q)
  }
  assert.deepEqual(find('"brown quick"'), [])
  assert.deepEqual(find('"quick brown'), [0], 'unclosed')
  assert.deepEqual(find('dog "a quick"'), [1])
})

test('a word that the index splits is a phrase', (t) => {
  const find = makeFinder(t, [...letters, 'brien o', 'mail e'])
  assert.deepEqual(find("o'brien"), [3])
  assert.deepEqual(find('e-mail'), [3])
})

test('a word that is hyphenated at a line end is found whole, in parts and in phrases', (t) => {
  const find = makeFinder(t, [
    'When the solu-\ntion was found', // 0
    'The Freight-\n\n  yards of Nord-\nSüd', // 1
    'inter\u00ad\nnatio-\nnal trade', // 2
    'from 1914-\n1918 and a-\n', // 3
    'a dash - \nhere', // 4
  ])
  assert.deepEqual(find('solution'), [0])
  assert.deepEqual(find('solu'), [0])
  assert.deepEqual(find('solut*'), [0])
  assert.deepEqual(find('"the solution was found"'), [0])
  assert.deepEqual(find('"the solu tion was"'), [0])
  assert.deepEqual(find('Freight-'), [1])
  assert.deepEqual(find('freight-yards'), [1])
  assert.deepEqual(find('freightyards nordsud'), [1])
  assert.deepEqual(find('international'), [2])
  assert.deepEqual(find('"international trade"'), [2])
  assert.deepEqual(find('19141918'), [], 'numbers stay apart')
  assert.deepEqual(find('dashhere'), [])
})

test('scripts without spaces are found by any part of a passage', (t) => {
  const find = makeFinder(t, [
    '日 本 に お ける図書\n館の歴史', // 0
    '北京图书馆，成立于1909年。', // 1
    'ภาษาไทยเป็นภาษา', // 2
    'Windowsを使う、東京タワー', // 3
    '書図 館', // 4
  ])
  assert.deepEqual(find('図書館'), [0])
  assert.deepEqual(find('日本における'), [0])
  assert.deepEqual(find('图书馆'), [1])
  assert.deepEqual(find('北京'), [1])
  assert.deepEqual(find('馆'), [1])
  assert.deepEqual(find('館'), [0, 4])
  assert.deepEqual(find('成立于1909年'), [1])
  assert.deepEqual(find('图书馆成立'), [], 'the comma ends the passage')
  assert.deepEqual(find('ไทย'), [2])
  assert.deepEqual(find('ภาษาไท*'), [2])
  assert.deepEqual(find('windowsを使う'), [3])
  assert.deepEqual(find('を使'), [3])
  assert.deepEqual(find('タワ* 東京'), [3])
  assert.deepEqual(find('図書 -館の'), [])
})

test('a trailing star matches all words with that prefix', (t) => {
  const find = makeFinder(t, letters)
  assert.deepEqual(find('fox*'), [0, 2])
  assert.deepEqual(find('fox'), [0])
  assert.deepEqual(find('(fox*)'), [0, 2])
  assert.deepEqual(find('"quick bro"*'), [0])
  assert.deepEqual(find('"quick bro*"'), [0])
  assert.deepEqual(find('ÅNG*'), [3])
  assert.deepEqual(find('f*x'), [], 'a star elsewhere only splits')
})

test('a minus before a word or a phrase excludes it', (t) => {
  const find = makeFinder(t, letters)
  assert.deepEqual(find('brown -dog'), [0])
  assert.deepEqual(find('-dog brown -fox'), [])
  assert.deepEqual(find('brown -"a quick"'), [0])
  assert.deepEqual(find('near -fox*'), [])
  assert.deepEqual(find('brown - fox'), [0], 'a minus alone is nothing')
  assert.deepEqual(find('fox -fox'), [])
})

test('the syntax of FTS5 is treated as words', (t) => {
  const find = makeFinder(t, letters)
  assert.deepEqual(find('near AND far'), [2])
  assert.deepEqual(find('brown AND dog'), [1], 'the word "and" is there')
  assert.deepEqual(find('brown OR nothing'), [])
  assert.deepEqual(find('text:column'), [], 'no such two words follow one another')
  assert.deepEqual(find('text: column'), [4])
  assert.deepEqual(find('^fox'), [0])
  assert.deepEqual(find('NEAR(quick fox)'), [])
  assert.deepEqual(find('quick+brown'), [0])
})

/** One a line. */
const oddities = String.raw`"
""
"a
a"
"a"b"
'
(
((a)
NEAR
NEAR(a b, 2)
a:b
^a
^
a + b
+
*
* a
a *
**
-
--a
-*
-"
a NOT
NOT a
AND
OR OR
{a b}: c
%
\
;--
👍
a👍
🥳`
  .split('\n')
  .concat('a\u0000b', '\u0000', '\ud800', 'a\ud800', '\ue000')

const monsters = [
  'a '.repeat(5_000),
  'a'.repeat(10_000),
  '"'.repeat(10_000),
  '('.repeat(10_000),
  '-a '.repeat(3_000),
  'a.'.repeat(250),
  manyWords(500, ' '),
  manyWords(500, '.'),
  `a ${manyWords(490, ' -')}`,
  manyWords(3_000, ' '),
  'ä*'.repeat(400),
  '*a'.repeat(500),
  '"a" '.repeat(2_500),
]

test('no input causes a syntax error in FTS5', (t) => {
  const find = makeFinder(t, letters)
  for (const q of [...oddities, ...monsters]) findOrRefuse(find, q)
  const unit = fc.constantFrom(...Array.from('ab1 "*-+^:(){}\'\u0000é👍'))
  const typed = fc.oneof(fc.string({ unit, maxLength: 30 }), fc.string({ unit: 'binary' }))
  fc.assert(fc.property(typed, (q) => findOrRefuse(find, q)))
})

test('an empty query and too long a query are rejected', () => {
  for (const q of ['', ' ', '*', '-', '"', '" "', '👍 !', '-fox', '-"a b" -cd*', '()', '\u0301']) {
    assert.throws(
      () => parseSearchQuery(q),
      { code: 'invalid_request', message: /^q must have at least one word/ },
      q,
    )
  }
  assert.throws(() => parseSearchQuery(manyWords(501, ' ')), {
    code: 'invalid_request',
    message: /at most 500 words, and has 501/,
  })
  assert.throws(() => parseSearchQuery(manyWords(21, ' '), true), {
    code: 'invalid_request',
    message: /at most 20 words with fuzzy, and has 21/,
  })
  assert.throws(() => parseSearchQuery(manyWords(501, '.')), { code: 'invalid_request' })
  assert.throws(() => parseSearchQuery(`a -${manyWords(500, ' -')}`), { code: 'invalid_request' })
})

test('the terms are those of a matching page, as the index has them', () => {
  const { wanted } = parseSearchQuery('Straße -not "À la" carte* FOX fox e-mail "')
  assert.deepEqual(wanted, [
    { tokens: ['straße'], isPrefix: false },
    { tokens: ['a', 'la'], isPrefix: false },
    { tokens: ['carte'], isPrefix: true },
    { tokens: ['fox'], isPrefix: false },
    { tokens: ['e', 'mail'], isPrefix: false },
  ])
})

function manyWords(count: number, separator: string): string {
  return Array.from({ length: count }, (_, index) => `w${index}`).join(separator)
}

/** Fails unless the query is answered or refused for its own sake. */
function findOrRefuse(find: (q: string) => number[], q: string): void {
  try {
    find(q)
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError && thrown.code === 'invalid_request') return
    throw new Error(`for ${JSON.stringify(q.slice(0, 100))}`, { cause: thrown })
  }
}

test('a prefix of one letter, which would match most of the index, is rejected', () => {
  for (const q of ['f*', 'fox -q*', '"quick b"*']) {
    assert.throws(() => parseSearchQuery(q), {
      code: 'invalid_request',
      message: /at least 2 letters before \*/,
    })
  }
  assert.deepEqual(parseSearchQuery('fo*').wanted, [{ tokens: ['fo'], isPrefix: true }])
})
