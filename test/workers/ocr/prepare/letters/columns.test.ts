import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasColumns } from '../../../../../workers/ocr/prepare/letters/columns.ts'
import type { TextLine } from '../../../../../workers/ocr/prepare/letters/lines.ts'

/** A piece of a line of so many letters, 10 pixels each. */
const piece = (x: number, row: number, count: number): TextLine => ({
  letters: Array.from({ length: count }, (_, at) => ({
    x0: x + 10 * at,
    y0: 30 * row,
    x1: x + 10 * at + 8,
    y1: 30 * row + 20,
  })),
  height: 20,
  close: count - 1,
})
const rowsOf = (pieces: (row: number) => TextLine[]): TextLine[] =>
  Array.from({ length: 16 }, (_, row) => pieces(row)).flat()

test('two columns of text are columns, also below a heading', () => {
  const columns = rowsOf((row) => [piece(0, row, 25), piece(300, row, 25)])
  assert.equal(hasColumns(columns), true)
  assert.equal(hasColumns([piece(150, -2, 20), ...columns]), true)
})

test('names with prices, lines across the page, and a few rows side by side are none', () => {
  assert.equal(hasColumns(rowsOf((row) => [piece(0, row, 25), piece(480, row, 5)])), false)
  assert.equal(hasColumns(rowsOf((row) => [piece(0, row, 55)])), false)
  assert.equal(
    hasColumns([0, 1, 2].flatMap((row) => [piece(0, row, 25), piece(300, row, 25)])),
    false,
  )
})
