import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalPageList,
  faultOfPageList,
  pagesWanted,
} from '../../../shared/contract/page-list.ts'

test('a list of pages is sorted and deduplicated', () => {
  assert.deepEqual(pagesWanted('7,1-3,2', 10), [1, 2, 3, 7])
  assert.deepEqual(pagesWanted('5', 10), [5])
})

test('an empty list selects all pages', () => {
  assert.deepEqual(pagesWanted('', 3), [1, 2, 3])
})

test('pages beyond the end are ignored', () => {
  assert.deepEqual(pagesWanted('2-9999999', 3), [2, 3])
})

test('a list that selects no page is rejected, and the error gives the page count', () => {
  assert.throws(() => pagesWanted('7-9', 3), {
    code: 'page_out_of_range',
    message: 'has 3 pages, and none of pages 7-9',
  })
})

test('the error for an invalid list names the valid form', () => {
  for (const list of ['', '1', '1-3,7', '2-2', '1-3,2-5', '1-9999999', '9999999']) {
    assert.equal(faultOfPageList(list), undefined, list)
  }
  for (const list of ['0', '1-', '-1', '1,,2', ',', 'a', '1-2-3', '1–3', '10000000', ' 1', '1.5']) {
    assert.match(
      faultOfPageList(list) ?? '',
      /^must be a list of .* page numbers .*, for example 1-3,7$/,
      list,
    )
  }
  assert.match(faultOfPageList(Array(101).fill('1').join(',')) ?? '', /at most 100/)
  for (const list of ['5-2', '1,5-2,7']) {
    assert.equal(faultOfPageList(list), 'has a descending range 5-2; write 2-5', list)
  }
})

test('the same pages have one canonical list, whatever their order and overlap', () => {
  const lists: [given: string, canonical: string][] = [
    ['', ''],
    ['7,1-3', '1-3,7'],
    ['1-3,2-5', '1-5'],
    ['1,2,3', '1-3'],
    ['4,4,4-4', '4'],
    ['1-9,3-4', '1-9'],
    ['9999999,1-9999998', '1-9999999'],
    ['5-2', '5-2'],
  ]
  for (const [given, canonical] of lists) {
    assert.equal(canonicalPageList(given), canonical, given)
    assert.equal(canonicalPageList(canonical), canonical, given)
  }
})
