import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withMisread } from '../../../../services/api/search/misread.ts'
import { parseSearchQuery } from '../../../../services/api/search/query.ts'

/** The forms of a query's first term in an index of these tokens. */
function forms(q: string, ...index: string[]): string[] {
  const there = new Set(index)
  const [term] = parseSearchQuery(q).wanted
  assert.ok(term)
  return withMisread(term, (token) => there.has(token)).map(({ tokens }) => tokens.join(' '))
}

test('a word is found with one letter misread, missing, added or exchanged', () => {
  const index = [
    'invoice',
    'invoicc',
    'invoce',
    'invoicee',
    'inovice',
    '1nvoice',
    'involve',
    'voice',
  ]
  assert.deepEqual(forms('invoice', ...index).toSorted(), [
    '1nvoice',
    'inovice',
    'invoce',
    'invoicc',
    'invoice',
    'invoicee',
  ])
})

test('letters that engines take for two others are one error', () => {
  const index = ['modem', 'rnodern', 'moclern', 'modren', 'modcrri']
  assert.deepEqual(forms('modern', ...index).toSorted(), [
    'moclern',
    'modem',
    'modern',
    'modren',
    'rnodern',
  ])
})

test('a word that was read in two parts is a phrase', () => {
  assert.deepEqual(forms('warehouses', 'ware', 'houses', 'ouses', 'warehous', 'es'), [
    'warehouses',
    'ware houses',
    'ware ouses',
    'warehous es',
  ])
  assert.deepEqual(forms('warehouses', 'ware'), ['warehouses'], 'both parts must be there')
})

test('short words, numbers, prefixes and scripts without spaces match as typed', () => {
  assert.deepEqual(forms('cart', 'care', 'cat'), ['cart'])
  assert.deepEqual(forms('12345', '12346'), ['12345'])
  assert.deepEqual(forms('invoi*', 'invoi', 'invol'), ['invoi'])
  assert.deepEqual(forms('図書館の歴史', '図書', '書官'), ['図書 書館 館の の歴 歴史'])
})

test('each word of a phrase may be misread, within a bound', () => {
  assert.deepEqual(forms('"brown letter"', 'brwn', 'lettcr'), [
    'brown letter',
    'brown lettcr',
    'brwn letter',
    'brwn lettcr',
  ])
  const everything = { has: () => true }
  const [term] = parseSearchQuery('"brown letter"').wanted
  assert.ok(term)
  assert.equal(withMisread(term, everything.has).length <= 60, true)
})

test('words of other alphabets are found with a letter of theirs', () => {
  assert.deepEqual(forms('москва', 'масква'), ['москва', 'масква'])
  assert.deepEqual(forms('Ἀθῆναι', 'αθηνσι'), ['αθηναι', 'αθηνσι'])
})
