import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assembleDocument } from '../../../services/outputs/assemble.ts'
import type { OutputDocument } from '../../../services/outputs/format.ts'
import { documentOf } from '../../../services/outputs/from-ledger.ts'
import { writeJson } from '../../../services/outputs/plain/json.ts'
import { writeText } from '../../../services/outputs/plain/text.ts'
import { documentSchema } from '../../../shared/contract/result/document.ts'
import { type PageResult } from '../../../shared/contract/result/page.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import type { Ending } from '../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../helpers/ledger/ledger.ts'
import { input, makePage, makeRequest } from '../../helpers/ledger/records.ts'

const parse = createParser('a document', documentSchema)

/** A document as it comes from the ledger. */
async function makeDocument(ending: Ending, pages: PageResult[]): Promise<OutputDocument> {
  const ledger = makeLedger(ending)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput(firstPass('d1'), input, pages.length)
  for (const page of pages) ledger.pages.putResult('d1', page)
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w1' },
    null,
  )
  return documentOf(ledger, rowOf(ledger, 'd1'), makeRequest({ out: '/out' }))
}

const textOf = (document: OutputDocument): string => [...writeText(document)].join('')
const jsonOf = (document: OutputDocument): string => [...writeJson(document)].join('')

test('text has a form feed between pages and a newline at its end', async (t) => {
  const pages = ['one', '', 'drei ß'].map((text, index) => makePage({ page: index + 1, text }))
  assert.equal(textOf(await makeDocument(t, pages)), 'one\f\fdrei ß\n')
})

test('the text of an empty page is an empty file', async (t) => {
  assert.equal(textOf(await makeDocument(t, [makePage({ text: '', outcome: 'empty' })])), '')
})

test('the JSON is one line with the document of the contract, in its field order', async (t) => {
  const document = await makeDocument(
    t,
    [1, 2].map((page) => makePage({ page, text: 'two\nlines' })),
  )
  const json = jsonOf(document)
  const whole = { ...document, pages: [...document.pages] }
  assert.equal(json, `${JSON.stringify(whole)}\n`)
  assert.deepEqual(parse(JSON.parse(json)), whole)
})

test('a long document is read from the ledger page by page, and can be read repeatedly', async (t) => {
  const pages = Array.from({ length: 40 }, (_, index) =>
    makePage({ page: index + 1, text: `p${index + 1}` }),
  )
  const document = await makeDocument(t, pages)
  assert.ok(!Array.isArray(document.pages))
  assert.deepEqual([...document.pages], pages)
  assert.deepEqual(JSON.parse(jsonOf(document)).pages, pages)
  assert.equal(document.timings.openMs, 40)
})

test('confidence is weighted by words, times are summed, the engine is named', async (t) => {
  const document = await makeDocument(t, [
    makePage({ page: 1, text: 'one two three', confidence: 90 }),
    makePage({ page: 2, text: 'four', confidence: 50 }),
    makePage({ page: 3, text: '', outcome: 'empty', confidence: 0 }),
  ])
  assert.equal(document.confidence, 80)
  assert.deepEqual(document.timings, { openMs: 3, prepareMs: 6, waitMs: 12, recogniseMs: 21 })
  assert.equal(document.engine?.name, 'fake')
  assert.equal(document.mediaType, 'image/png')
})

test('a failed document has its error and no pages', (t) => {
  const ledger = makeLedger(t)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.fail(firstPass('d1'), 'rejected', {
    code: 'corrupt_image',
    message: 'is damaged',
  })
  const document = assembleDocument(rowOf(ledger, 'd1'), [], defaultRecipe)
  assert.deepEqual(parse(JSON.parse(jsonOf(document))).error, {
    code: 'corrupt_image',
    message: 'is damaged',
  })
  assert.equal(document.confidence, null)
  assert.equal(document.engine, null)
})
