import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pagesWanted } from '../../shared/page-list.ts'

test('a list of pages is taken in the order of the document, each page once', () => {
  assert.deepEqual(pagesWanted('7,1-3,2', 10), [1, 2, 3, 7])
  assert.deepEqual(pagesWanted('5', 10), [5])
})

test('no list is all pages', () => {
  assert.deepEqual(pagesWanted('', 3), [1, 2, 3])
})

test('pages beyond the end are left out', () => {
  assert.deepEqual(pagesWanted('2-9999999', 3), [2, 3])
})

test('a list of which nothing is left is refused, with what is there', () => {
  assert.throws(() => pagesWanted('7-9', 3), {
    code: 'page_out_of_range',
    message: 'has 3 pages, and none of pages 7-9',
  })
})
