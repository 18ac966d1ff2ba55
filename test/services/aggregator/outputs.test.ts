import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assembleDocument } from '../../../services/aggregator/assemble.ts'
import { writeCombined } from '../../../services/aggregator/outputs/combined.ts'
import { toJson } from '../../../services/aggregator/outputs/json.ts'
import { toText } from '../../../services/aggregator/outputs/text.ts'
import {
  documentSchema,
  type PageResult,
  type ScriptoriumDocument,
} from '../../../shared/contract.ts'
import { createParser } from '../../../shared/messages.ts'
import { defaultRecipe } from '../../../shared/recipe.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { makeLedger, makePlan, rowOf } from '../../helpers/ledger.ts'
import { input, makePage } from '../../helpers/records.ts'
import type { Ending } from '../../helpers/folder.ts'

const parse = createParser('a document', documentSchema)

function makeDocument(ending: Ending, pages: PageResult[], path = 'a.png'): ScriptoriumDocument {
  const ledger = makeLedger(ending)
  ledger.documents.plan(makePlan('d1', { path }))
  ledger.documents.setInput('d1', input, pages.length)
  ledger.documents.setRead('d1', { outcome: 'succeeded', error: null, worker: 'w1' }, null)
  return assembleDocument(rowOf(ledger, 'd1'), pages, defaultRecipe)
}

test('text has a form feed between pages and a newline at its end', (t) => {
  const pages = ['one', '', 'drei ß'].map((text, index) => makePage({ page: index + 1, text }))
  assert.equal(toText(makeDocument(t, pages)), 'one\f\fdrei ß\n')
})

test('the text of an empty page is the empty file', (t) => {
  assert.equal(toText(makeDocument(t, [makePage({ text: '', outcome: 'empty' })])), '')
})

test('the JSON is one line that holds the document of the contract', (t) => {
  const document = makeDocument(t, [makePage({ text: 'two\nlines' })])
  const json = toJson(document)
  assert.equal(json.indexOf('\n'), json.length - 1)
  assert.deepEqual(parse(JSON.parse(json)), document)
})

test('confidence is weighted by words, times are summed, the engine is named', (t) => {
  const document = makeDocument(t, [
    makePage({ page: 1, text: 'one two three', confidence: 90 }),
    makePage({ page: 2, text: 'four', confidence: 50 }),
    makePage({ page: 3, text: '', outcome: 'empty', confidence: 0 }),
  ])
  assert.equal(document.confidence, 80)
  assert.deepEqual(document.timings, { openMs: 3, prepareMs: 6, waitMs: 12, recogniseMs: 21 })
  assert.equal(document.engine?.name, 'fake')
  assert.equal(document.mediaType, 'image/png')
})

test('a document that could not be read says why and has no pages', (t) => {
  const ledger = makeLedger(t)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.fail('d1', 'rejected', { code: 'corrupt_image', message: 'is damaged' })
  const document = assembleDocument(rowOf(ledger, 'd1'), [], defaultRecipe)
  assert.deepEqual(parse(JSON.parse(toJson(document))).error, {
    code: 'corrupt_image',
    message: 'is damaged',
  })
  assert.equal(document.confidence, null)
  assert.equal(document.engine, null)
})

test('the combined file holds every document on a line of its own, and no draft stays', async (t) => {
  const out = makeFolder(t)
  const temporary = makeFolder(t)
  const documents = ['a.png', 'b\n.png'].map((path) => makeDocument(t, [makePage()], path))
  await writeCombined(out, temporary, documents)
  const lines = readFileSync(join(out, 'results.ndjson'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => parse(JSON.parse(line)).path),
    ['a.png', 'b\n.png'],
  )
  assert.deepEqual(readdirSync(temporary), [])
})

test('a combined file that cannot be finished leaves the one before', async (t) => {
  const out = makeFolder(t)
  const temporary = makeFolder(t)
  const document = makeDocument(t, [makePage()])
  await writeCombined(out, temporary, [document])
  const broken = function* (): Generator<ScriptoriumDocument> {
    yield document
    throw new Error('the ledger broke')
  }
  await assert.rejects(writeCombined(out, temporary, broken()), /the ledger broke/)
  assert.equal(readFileSync(join(out, 'results.ndjson'), 'utf8'), toJson(document))
})
