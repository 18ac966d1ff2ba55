import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { tokensOf } from '../../../../../services/ledger/queries/search/tokens.ts'

const words = (text: string): string[] => tokensOf(text).map((token) => token.text)
const folded = (text: string): string => words(text).join('|')

test('case, accents and compatible forms are folded', () => {
  assert.equal(folded('Straße STRASSE ẞ'), 'straße|strasse|ß')
  assert.equal(
    folded('Ångström A\u030angstro\u0308m İstanbul ISTANBUL'),
    'angstrom|angstrom|istanbul|istanbul',
  )
  assert.equal(folded('ﬁnal ﬂuﬀy ſecond ＡＢＣ'), 'final|fluffy|second|abc')
  assert.equal(folded('Ἀθῆναι ΑΘΗΝΑΙ Ὀδυσσεύς ΟΔΥΣΣΕΥΣ'), 'αθηναι|αθηναι|οδυσσευσ|οδυσσευσ')
  assert.equal(folded('Москва́ МОСКВА Ёлка и\u0306'), 'москва|москва|ёлка|й')
  assert.equal(folded('العَرَبِيَّة שָׁלוֹם'), 'العربية|שלום')
  assert.equal(folded('Łódź Æsir œuvre x²'), 'łodz|æsir|œuvre|x2')
})

test('a text is split at everything but letters, numbers, marks and private use', () => {
  assert.equal(
    folded("O'Brien e-mail well‑known under_score"),
    'o|brien|e|mail|well|known|under|score',
  )
  assert.equal(folded('1.000,50 12:30 №7 (a)"b"*'), '1|000|50|12|30|7|a|b')
  assert.equal(folded('हिन्दी 한\u1100\u1161 \ue000 👍a👍 \u0301'), 'हिन्दी|한가|\ue000|a')
  assert.equal(folded('co\u00adoperate می\u200cخواهم'), 'cooperate|میخواهم')
})

test('scripts without spaces become pairs of letters, and the last letter', () => {
  assert.equal(folded('図 書\n館。東'), '図書|書館|館|東')
  assert.equal(folded('Windowsを使う'), 'windows|を使|使う|う')
  assert.equal(folded('เป็น'), 'เป็|ป็น|น')
  assert.equal(folded('한국어'), '한국어')
})

test('a token has the position of its word', () => {
  const text = '👍 L’Ete\u0301, 図 書'
  assert.deepEqual(
    tokensOf(text).map(({ text: word, start, end }) => [word, text.slice(start, end)]),
    [
      ['l', 'L'],
      ['ete', 'Ete\u0301'],
      ['図書', '図 書'],
      ['書', '書'],
    ],
  )
})

test('the tokenizer of the index keeps every token whole', () => {
  const database = new DatabaseSync(':memory:')
  database.exec(`CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='ascii');
    CREATE VIRTUAL TABLE vocabulary USING fts5vocab(texts, 'row')`)
  const insert = database.prepare('INSERT INTO texts (text) VALUES (?)')
  const tokens = new Set<string>()
  for (let code = 1; code < 0x1_1000; code += 1) {
    if (code >= 0xd800 && code < 0xe000) continue
    for (const word of words(`${String.fromCodePoint(code)} x${String.fromCodePoint(code)}y`))
      tokens.add(word)
  }
  insert.run([...tokens].join(' '))
  const stored = database.prepare('SELECT term FROM vocabulary').all()
  assert.deepEqual(new Set(stored.map(({ term }) => String(term))), tokens)
  database.close()
})
