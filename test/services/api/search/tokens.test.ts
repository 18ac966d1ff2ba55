import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokensOf } from '../../../../services/api/search/tokens.ts'
import { tokenisedByFts5 } from '../../../helpers/ledger/fts5.ts'

const words = (text: string): string[] => tokensOf(text).map((token) => token.text)

const tricky = [
  'Straße STRASSE ẞ',
  'Ångström Å \u212b A\u030angstro\u0308m',
  'ﬁnal ﬂuﬀy ﬃ ﬆ',
  'İstanbul ISTANBUL ıstanbul i\u0307',
  'Ἀθῆναι ΑΘΗΝΑΙ ὀδυσσεύς ΟΔΥΣΣΕΥΣ ᾳ ϑ ϰ ΐ',
  'Москва́ МОСКВА ёлка Ёлка и\u0306 й',
  '0123 ٣٤٥ Ⅷ ² ½ ① 3,14 1.000.000 12:30',
  "O'Brien O’Brien rock'n'roll l'été",
  'e-mail well‑known co\u00adoperate recog-\nnition under_score',
  'naïve café coöperate señor ÇA Łódź Øre þorn Æsir œuvre Đ',
  'µm μm K Ω ſecond ẛ Ǡ ǡ Ṩ ệ',
  '日本語 東京タワー 한국어 한\u1100\u1161',
  'हिन्दी العَرَبِيَّة שָׁלוֹם ไทย',
  '👍 a👍b 👩‍👩‍👧 ♥ © ™ € £ № ª º',
  '(NEAR) "x" ^y z: {w} a+b c* \\ / | & < > = ~ ` \u0000 \u0007',
  '\u0301a a\u0301\u0302 a\u0305b \u0300 \u200d \ufeff \ue000 \u{f0000} 𝕬 𐐀 𐐨',
]

test('a text is split into the tokens of FTS5', () => {
  for (const text of tricky) assert.deepEqual(words(text), tokenisedByFts5([text])[0], text)
})

/**
 * The first and last characters that the engine's models can output; the tables of FTS5 and of this Node agree on all
 * between.
 */
const blocks = [
  [0x0001, 0x024f], // Latin
  [0x0250, 0x036f],
  [0x0370, 0x0527], // Greek, Cyrillic
  [0x0531, 0x0587],
  [0x0591, 0x05f4],
  [0x0620, 0x06ff],
  [0x0900, 0x097f],
  [0x0e01, 0x0e5b],
  [0x1e00, 0x1fff], // Latin with accents, Greek with breathings
  [0x2000, 0x2064],
  [0x2070, 0x20b9],
  [0x2100, 0x2189],
  [0x2460, 0x24ff],
  [0x3000, 0x30ff],
  [0x4e00, 0x4fff],
  [0xac00, 0xafff],
  [0xfb00, 0xfb06],
  [0xff01, 0xff60],
] as const

test('each character of the supported scripts is tokenised as by FTS5, alone and within a word', () => {
  const younger = /[\p{Cn}\u037f]/u
  const characters = blocks
    .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at))
    .map((code) => String.fromCodePoint(code))
    .filter((character) => !younger.test(character))
  assert.ok(characters.length > 4_000)
  const texts = characters.flatMap((character) => [character, `x${character}y`])
  const fromFts5 = tokenisedByFts5(texts)
  texts.forEach((text, index) => assert.deepEqual(words(text), fromFts5[index], codes(text)))
})

test('tokenising a token returns it unchanged', () => {
  for (const text of tricky) {
    for (const word of words(text)) assert.deepEqual(words(word), [word])
  }
})

test('a token has the position of its word', () => {
  const text = '👍 L’Ete\u0301, ok'
  assert.deepEqual(
    tokensOf(text).map(({ text: word, start, end }) => [word, text.slice(start, end)]),
    [
      ['l', 'L'],
      ['ete', 'Ete\u0301'],
      ['ok', 'ok'],
    ],
  )
})

const codes = (text: string): string =>
  Array.from(text, (character) => character.codePointAt(0)?.toString(16)).join(' ')
