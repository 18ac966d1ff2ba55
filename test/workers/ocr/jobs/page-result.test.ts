import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { toResult } from '../../../../workers/ocr/jobs/page-result.ts'
import type { OpenedPage } from '../../../../workers/ocr/open/opened.ts'
import { engine, makePage } from '../../../helpers/ledger/records.ts'

const facts = { timings: makePage().timings, attempts: 1, worker: 'w1', engine }
const geometry = { width: 100, height: 100, dpi: 300, orientation: 1 } as const
const pixels = { data: Buffer.alloc(0) }
const scanned: OpenedPage = { ...geometry, kind: 'pixels', pixels }
const { text, blocks } = makePage({ text: 'own' })
const digital: OpenedPage = {
  ...geometry,
  kind: 'layer',
  layer: { text, blocks },
  pictures: pixels,
}
const reading = {
  text: 'read',
  confidence: 90,
  blocks: makePage({ text: 'read' }).blocks,
  orientation: { isMirrored: false, rotation: 0, skew: 0 } as const,
  readings: [],
  uncovered: 0.3,
  warnings: [
    { code: 'text_missed', message: '30 %' },
    { code: 'reading_given_up', message: 'late' },
  ],
} satisfies Parameters<typeof toResult>[1]

const codesOf = ({ warnings = [] }: PageResult): string[] => warnings.map(({ code }) => code)

test('the result of a page has the warnings of its reading, and the share of letters without a word', () => {
  const result = toResult({ number: 1, page: scanned }, reading, facts)
  assert.equal(result.uncovered, 0.3)
  assert.deepEqual(codesOf(result), ['text_missed', 'reading_given_up'])
})

test('pictures of a digital page lack no text: their letters may be no writing', () => {
  const result = toResult({ number: 1, page: digital }, reading, facts)
  assert.equal(result.uncovered, undefined)
  assert.deepEqual(codesOf(result), ['reading_given_up'])
})

test('a page has the warnings of its opening, and of pictures that were not read', () => {
  const opening = { code: 'pages_missing', message: 'of 3 pages 2' } as const
  const unread = { code: 'reading_given_up', message: 'late' } as const
  const page = { ...digital, warnings: [opening] }
  const result = toResult({ number: 1, page }, undefined, facts, unread)
  assert.deepEqual(result.warnings, [opening, unread])
  assert.equal(toResult({ number: 1, page: digital }, undefined, facts).warnings, undefined)
})
